import type { Binary, Bundle, DocumentReference, Reference } from "fhir/r4";

import { CATEGORIES, concept, type KINDS } from "./kinds.ts";

export const ENTRY = "https://fhirserver.example/document-entry";
/** What is taken in one file. The server takes requests of 64 MB, and base64 makes a third more of it. */
export const MOST_BYTES = 10_000_000;
/** https://profiles.ihe.net/fhir/ihe.formatcode.fhir/ */
const CCDA = { system: "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode", code: "urn:hl7-org:sdwg:ccda-structuredBody:2.1" };

/** A document and its file as the entries of a transaction: sent twice, there is one. `date` is the day that the document bears. */
export async function entriesOf(given: {
  id: string; patient: string; file: File; isClinical: boolean; title: string; kind: Pick<(typeof KINDS)[number], "code" | "display">; category: string; date: string; at: string; author?: Reference;
}): Promise<NonNullable<Bundle["entry"]>> {
  const subject = { reference: `Patient/${given.patient}` };
  const { file, kind, title } = given;
  const binary: Binary = { resourceType: "Binary", contentType: file.type, securityContext: subject, data: await base64Of(file) };
  const document: DocumentReference = {
    resourceType: "DocumentReference",
    identifier: [{ system: ENTRY, value: given.id }],
    status: "current",
    docStatus: "final",
    type: concept(kind.code, kind.display),
    category: [concept(given.category, CATEGORIES[given.category] ?? given.category)],
    subject,
    date: given.at,
    description: title.trim() === "" ? file.name : title.trim(),
    ...(given.author === undefined ? {} : { author: [given.author] }),
    content: [{
      attachment: { contentType: file.type, url: `urn:uuid:${given.id}`, title: file.name, size: file.size, creation: given.date },
      ...(given.isClinical ? { format: CCDA } : {}),
    }],
  };
  return [
    { fullUrl: `urn:uuid:${given.id}`, resource: binary, request: { method: "POST", url: "Binary" } },
    { resource: document, request: { method: "POST", url: "DocumentReference", ifNoneExist: `identifier=${ENTRY}|${given.id}` } },
  ];
}

function base64Of(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(reader.error ?? new Error(file.type));
    reader.readAsDataURL(file);
  });
}
