import type { Parameters as FhirParameters, ParametersParameter } from "fhir/r4";

/** The parts of an answer with a name. */
export function partsOf(of: FhirParameters | ParametersParameter | undefined, name: string): ParametersParameter[] {
  const among = of === undefined ? [] : "resourceType" in of ? of.parameter : of.part;
  return (among ?? []).filter((part) => part.name === name);
}

/** The number of a part; undefined where the answer has none. */
export function numberOf(of: ParametersParameter | undefined, name: string): number | undefined {
  const part = partsOf(of, name)[0];
  return part?.valueInteger ?? part?.valueDecimal;
}

export function textOf(of: FhirParameters | ParametersParameter | undefined, name: string): string | undefined {
  const part = partsOf(of, name)[0];
  return part?.valueString ?? part?.valueCode ?? part?.valueDate ?? part?.valueInstant ?? part?.valueReference?.display;
}
