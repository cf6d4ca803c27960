import type { CodeableConcept, DocumentReference } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";

export const LOINC = "http://loinc.org";
/** All kinds of documents: https://hl7.org/fhir/R4/valueset-c80-doc-typecodes.html */
export const ALL_KINDS = "http://hl7.org/fhir/ValueSet/c80-doc-typecodes";

/** Classes of documents: https://hl7.org/fhir/R4/valueset-document-classcodes.html */
export const CATEGORIES: Record<string, string> = {
  "34109-9": "Evaluation and management note",
  "47049-2": "Communication",
  "47045-0": "Study report Document",
  "34133-9": "Summarization of episode note",
  "56447-6": "Plan of care note",
  "57016-8": "Privacy policy acknowledgment Document",
  "28634-8": "Miscellaneous studies (set)",
};

/** The kinds that are offered at once: the code in LOINC, its name there, and the class that it usually has. */
export const KINDS: readonly { code: string; display: string; category: keyof typeof CATEGORIES }[] = [
  { code: "34109-9", display: "Note", category: "34109-9" },
  { code: "57133-1", display: "Referral note", category: "47049-2" },
  { code: "18842-5", display: "Discharge summary", category: "34133-9" },
  { code: "34133-9", display: "Summary of episode note", category: "34133-9" },
  { code: "11488-4", display: "Consult note", category: "34109-9" },
  { code: "11504-8", display: "Surgical operation note", category: "34109-9" },
  { code: "18748-4", display: "Diagnostic imaging study", category: "47045-0" },
  { code: "11502-2", display: "Laboratory report", category: "47045-0" },
  { code: "11526-1", display: "Pathology study", category: "47045-0" },
  { code: "42348-3", display: "Advance directives", category: "57016-8" },
  { code: "59284-0", display: "Consent Document", category: "57016-8" },
  { code: "72170-4", display: "Photographic image", category: "28634-8" },
];

export function concept(code: string, display: string): CodeableConcept {
  return { coding: [{ system: LOINC, code, display }], text: display };
}

/** What a document is called in lists. */
export function nameOf(one: DocumentReference): string {
  return one.description ?? one.content[0]?.attachment.title ?? words(one.type);
}

/** The day or time that the document itself bears, else when it came into the record. */
export function datedOf(one: DocumentReference): string | undefined {
  return one.content[0]?.attachment.creation ?? one.date;
}

/** The code of its class, of those that are told apart here. */
export function categoryOf(one: DocumentReference): string | undefined {
  const codes = (one.category ?? []).flatMap((category) => category.coding ?? []).filter((coding) => coding.system === LOINC).map((coding) => coding.code ?? "");
  return codes.find((code) => code in CATEGORIES);
}
