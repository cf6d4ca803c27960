import type { CodeableConcept } from "fhir/r4";

const V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203";
const V2_0131 = "http://terminology.hl7.org/CodeSystem/v2-0131";
/** The namespace of the hospital's own record numbers. */
const RECORD_NUMBERS = "https://fhirserver.example/mrn";

export const NAME_USES = ["official", "usual", "maiden", "nickname", "anonymous", "temp", "old"] as const;
export const PLACE_USES = ["home", "work", "temp", "billing", "old"] as const;
export const TELECOM_SYSTEMS = ["phone", "email", "sms", "fax", "pager", "url", "other"] as const;
export const TELECOM_USES = ["mobile", "home", "work", "temp", "old"] as const;
export const GENDERS = ["female", "male", "other", "unknown"] as const;

/** Kinds of identifiers that the reception types: http://terminology.hl7.org/CodeSystem/v2-0203 */
export const IDENTIFIER_KINDS = ["MR", "NI", "SS", "MB", "PPN", "DL", "BC"] as const;
/** Where numbers of a kind are from, when there is but one place: numbers of one system and value are one person's. */
const SYSTEMS: Partial<Record<string, string>> = { MR: RECORD_NUMBERS, SS: "http://hl7.org/fhir/sid/us-ssn" };

/** What somebody is to the patient: http://terminology.hl7.org/CodeSystem/v2-0131 */
export const RELATIONSHIPS = ["C", "N", "E", "I"] as const;

/** Languages by BCP 47, those that hospitals meet most. Names are told by the browser in the language that is spoken. */
export const LANGUAGE_CODES = [
  "am", "ar", "bg", "bn", "bs", "ckb", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "gu", "he", "hi", "hr", "hu", "hy", "id",
  "it", "ja", "ka", "km", "ko", "ku", "lt", "lv", "mk", "ml", "nl", "no", "pa", "pl", "ps", "pt", "ro", "ru", "sk", "sl", "so", "sq", "sr",
  "sv", "sw", "ta", "te", "th", "ti", "tl", "tr", "uk", "ur", "vi", "yue", "zh",
] as const;

export function identifierType(code: string, display: string): CodeableConcept {
  return { coding: [{ system: V2_0203, code, display }], text: display };
}

export function systemOf(kind: string): string | undefined {
  return SYSTEMS[kind];
}

export function relationship(code: string, display: string): CodeableConcept {
  return { coding: [{ system: V2_0131, code, display }], text: display };
}

/** The first code of a concept; its kind where codes of a table are compared. */
export function codeOf(concept: CodeableConcept | undefined): string {
  return concept?.coding?.[0]?.code ?? "";
}

/** A language by its code in the language that is spoken: "Tigrinya" of ti. */
export function languageName(code: string, spoken: string): string {
  try {
    return new Intl.DisplayNames([spoken], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
