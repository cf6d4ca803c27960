import type { ParametersParameter } from "fhir/r4";

/** One operation of a FHIRPath Patch: what is done where, and the new value as text. */
export interface Operation {
  type: string;
  path: string;
  value?: string;
}

/** The operations of a patch. https://hl7.org/fhir/R4/fhirpatch.html */
export function operationsOf(patch: { parameter?: ParametersParameter[] } | undefined): Operation[] {
  return (patch?.parameter ?? []).map((one) => {
    const part = (name: string) => one.part?.find((each) => each.name === name);
    const name = part("name")?.valueString;
    const path = part("path")?.valueString ?? "";
    const value = part("value");
    return {
      type: part("type")?.valueCode ?? "",
      path: name === undefined ? path : `${path}.${name}`,
      ...(value === undefined ? {} : { value: textOf(value) }),
    };
  });
}

/** The value of a parameter: a text as it is, anything else as JSON. */
function textOf(parameter: ParametersParameter): string {
  const value: unknown = Object.entries(parameter).find(([name]) => name.startsWith("value"))?.[1] ?? parameter.part?.map((one) => `${one.name}: ${textOf(one)}`).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
