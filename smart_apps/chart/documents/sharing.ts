import type { AuditEvent, Consent, DocumentReference, Reference } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";

const SYSTEM = "https://fhirserver.example/CodeSystem/consent-category";
const CODE = "document-share";
/** What finds the Consents that share documents, by `category`. */
export const SHARES = `${SYSTEM}|${CODE}`;
export const ENTRY = "https://fhirserver.example/document-share-entry";
export const MOST_DAYS = 366;

/** A Consent that lets colleagues or teams see one document until the end of a day: docs/integrator/access.md */
export function shareOf(given: {
  id: string; document: DocumentReference; patient: Reference; name: string; by: Reference; receivers: readonly Reference[]; until: string; at: string;
}): Consent {
  const documents: Reference[] = [
    { reference: `DocumentReference/${given.document.id ?? ""}`, display: given.name },
    ...filesOf(given.document).map((file) => ({ reference: file })),
  ];
  return {
    resourceType: "Consent",
    identifier: [{ system: ENTRY, value: given.id }],
    status: "active",
    scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy", display: "Privacy Consent" }] },
    category: [{ coding: [{ system: SYSTEM, code: CODE, display: "Sharing of single documents for a time" }] }],
    patient: given.patient,
    dateTime: given.at,
    performer: [given.by],
    policyRule: { text: "Sharing of single documents for a time" },
    provision: {
      type: "permit",
      period: { start: given.at, end: given.until },
      actor: given.receivers.map((receiver) => ({
        role: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP", display: "information recipient" }] },
        reference: receiver,
      })),
      action: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentaction", code: "access", display: "Access" }] }],
      data: documents.map((reference) => ({ meaning: "instance", reference })),
    },
  };
}

/** The addresses of the files that a document consists of. */
export function filesOf(document: DocumentReference): string[] {
  const ids = document.content.map((content) => idIn(content.attachment.url, "Binary"));
  return ids.filter((id) => id !== undefined).map((id) => `Binary/${id}`);
}

export type ShareState = "inForce" | "toCome" | "over" | "ended";

/** Whether a share counts at a moment (milliseconds): `ended` is by a person, `over` by time. */
export function stateOf(consent: Consent, now = Date.now()): ShareState {
  if (consent.status !== "active") return "ended";
  const { start, end } = consent.provision?.period ?? {};
  if (start !== undefined && Date.parse(start) > now) return "toCome";
  return end === undefined || endOf(end) <= now ? "over" : "inForce";
}

/** The end of a FHIR date or time in milliseconds; a day ends when it is over here. */
function endOf(value: string): number {
  if (value.includes("T")) return Date.parse(value);
  const [year = 0, month = 12, day = 31] = value.split("-").map(Number);
  return new Date(year, month - 1, day + 1).getTime();
}

export function receiversOf(consent: Consent): string {
  return (consent.provision?.actor ?? []).map((actor) => actor.reference.display ?? actor.reference.reference ?? "").join(", ");
}

export function isBy(consent: Consent, who: string | undefined): boolean {
  return who !== undefined && consent.performer?.some((performer) => performer.reference === who) === true;
}

/** The ids of the documents that a share is about. */
export function sharedIn(consent: Consent): string[] {
  return (consent.provision?.data ?? []).map((data) => idIn(data.reference.reference, "DocumentReference")).filter((id) => id !== undefined);
}

/** Who has seen a document: how often they opened it and when last; never, of those who saw it in a list only. */
export interface Opening {
  who: string;
  reference: string | undefined;
  role: string;
  times: number;
  last: string;
}

/** Events, the newest first, person by person; without those of `me`, who knows. Two of one minute are one opening: a document and its file. */
export function openingsOf(events: readonly AuditEvent[], me: string | undefined): Opening[] {
  const found = new Map<string, Opening & { at: number | undefined }>();
  for (const event of events) {
    const agent = event.agent.find((one) => one.requestor) ?? event.agent[0];
    const reference = agent?.who?.reference;
    const who = agent?.who?.display ?? reference ?? "";
    if (reference !== undefined && reference === me) continue;
    const key = reference ?? who;
    const one = found.get(key) ?? { who, reference, role: agent?.role?.[0]?.coding?.[0]?.code ?? "", times: 0, last: event.recorded, at: undefined };
    found.set(key, one);
    if (event.action !== "R") continue;
    const at = Date.parse(event.recorded);
    if (one.at === undefined) one.last = event.recorded;
    if (one.at === undefined || one.at - at > 60_000) one.times += 1;
    one.at = at;
  }
  return [...found.values()].map(({ who, reference, role, times, last }) => ({ who, reference, role, times, last }));
}
