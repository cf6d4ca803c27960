import type { DocumentReference } from "fhir/r4";

import { fromBase64, toBase64 } from "../../shared/format/base64.ts";
import { isNote } from "./isNote.ts";

export { isNote };

export const ENTRY = "https://fhirserver.example/note-entry";
const CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";

/** Kinds of notes, in LOINC: https://hl7.org/fhir/us/core/clinical-notes.html */
export const NOTE_TYPES = [
  { code: "11506-3", display: "Progress note" },
  { code: "34746-8", display: "Nurse Note" },
  { code: "34117-2", display: "History and physical note" },
  { code: "11488-4", display: "Consult note" },
  { code: "18842-5", display: "Discharge summary" },
] as const;

/** A note as it is signed; with `appends` it is an addendum to another, which stays as it is. */
export function noteOf(given: { text: string; type: { code: string; display: string }; patient: string; author?: { reference: string; display?: string }; at: string; id: string; encounter?: string; appends?: string }): DocumentReference {
  return {
    resourceType: "DocumentReference",
    identifier: [{ system: ENTRY, value: given.id }],
    status: "current",
    docStatus: "final",
    type: { coding: [{ system: "http://loinc.org", ...given.type }], text: given.type.display },
    category: [{ coding: [{ system: CATEGORY, code: "clinical-note", display: "Clinical Note" }] }],
    subject: { reference: `Patient/${given.patient}` },
    date: given.at,
    ...(given.author === undefined ? {} : { author: [given.author], authenticator: given.author }),
    ...(given.appends === undefined ? {} : { relatesTo: [{ code: "appends", target: { reference: `DocumentReference/${given.appends}` } }] }),
    content: [{ attachment: { contentType: "text/plain; charset=utf-8", data: toBase64(given.text), title: given.type.display, creation: given.at } }],
    ...(given.encounter === undefined ? {} : { context: { encounter: [{ reference: `Encounter/${given.encounter}` }] } }),
  };
}

/** The text of a note that carries it; undefined when it lies elsewhere. */
export function textOf(one: DocumentReference): string | undefined {
  const attachment = one.content[0]?.attachment;
  if (attachment?.data === undefined || attachment.contentType?.startsWith("text/plain") !== true) return undefined;
  return new TextDecoder().decode(fromBase64(attachment.data));
}

export interface Thread {
  note: DocumentReference;
  addenda: DocumentReference[];
}

/** Notes, newest first, each with what was added to it, those in error too. An addendum whose note isn't there stands for itself. */
export function threadsOf(all: readonly DocumentReference[]): Thread[] {
  const notes = all.filter(isNote);
  const appended = (one: DocumentReference) => one.relatesTo?.find((relation) => relation.code === "appends")?.target.reference?.replace(/^.*DocumentReference\//, "");
  const ids = new Set(notes.map((one) => one.id));
  return notes
    .filter((one) => !ids.has(appended(one)))
    .map((note) => ({ note, addenda: notes.filter((one) => appended(one) === note.id).sort((a, b) => (a.date ?? "").localeCompare(b.date ?? "")) }));
}
