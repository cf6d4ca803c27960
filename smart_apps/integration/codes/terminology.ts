import type { Coding, Parameters, TerminologyCapabilities, ValueSet } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";

export const MOST = 12;

/** The code systems that the server knows, by their canonical addresses. https://hl7.org/fhir/R4/terminologycapabilities.html */
export async function systemsOf(fhir: Fhir): Promise<string[]> {
  const said = await fhir.operation<TerminologyCapabilities>("metadata?mode=terminology");
  return [...new Set((said.codeSystem ?? []).map((one) => one.uri ?? "").filter((uri) => uri !== ""))].sort();
}

/** Codes of a system whose names have the words that were typed. https://hl7.org/fhir/R4/valueset-operation-expand.html */
export async function codesLike(fhir: Fhir, system: string, words: string): Promise<Coding[]> {
  const valueSet: ValueSet = { resourceType: "ValueSet", status: "active", compose: { include: [{ system }] } };
  const asked: Parameters = {
    resourceType: "Parameters",
    parameter: [
      { name: "valueSet", resource: valueSet },
      { name: "filter", valueString: words },
      { name: "count", valueInteger: MOST },
      { name: "excludeNested", valueBoolean: true },
    ],
  };
  const found = await fhir.operation<ValueSet>("ValueSet/$expand", asked);
  return (found.expansion?.contains ?? []).map(({ system: of, code, display }) => ({ system: of ?? system, code, display }));
}
