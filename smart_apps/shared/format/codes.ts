import type { CodeableConcept, Coding } from "fhir/r4";

/** What a person reads of a concept: its text, else the first display, else the code. */
export function words(concept: CodeableConcept | undefined): string {
  if (concept === undefined) return "";
  const coding = concept.coding?.find((one) => one.userSelected === true) ?? concept.coding?.find((one) => one.display !== undefined) ?? concept.coding?.[0];
  return concept.text ?? coding?.display ?? coding?.code ?? "";
}

/** The code of a concept in a system. */
export function codeIn(concept: CodeableConcept | undefined, system: string): string | undefined {
  return concept?.coding?.find((coding) => coding.system === system)?.code;
}

export function hasCode(concept: CodeableConcept | undefined, code: string, system?: string): boolean {
  return concept?.coding?.some((coding: Coding) => coding.code === code && (system === undefined || coding.system === system)) === true;
}
