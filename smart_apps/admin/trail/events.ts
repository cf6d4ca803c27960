import type { AuditEvent, AuditEventAgent } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";

/** What was done, as far as the words for it differ. */
export type Did =
  | "read" | "versions" | "searched" | "created" | "changed" | "deleted" | "several" | "called" | "signedIn" | "signedOut"
  | "imported" | "imagesComing" | "imagesSeen" | "imagesMoved" | "imagesDeleted" | "exported" | "refusedDevice" | "other";

/** An account, an app, a message: `kind` is account, client …, `told` what was changed about it. */
export interface Subject {
  kind: string;
  id: string;
  told: { name: string; value: string }[];
}

/** An AuditEvent as people read it: https://hl7.org/fhir/R4/auditevent.html */
export interface Row {
  id: string;
  at: string;
  /** Who did it, where it was a person: Practitioner/1, the account, the name then. */
  person: { reference: string | undefined; account: string | undefined; name: string; roles: string[] } | undefined;
  /** The app or the system through which it was done; "" when that isn't told. */
  client: string;
  address: string | undefined;
  did: Did;
  /** The name of what was called: break-glass, admin-list-users. "" for all else. */
  operation: string;
  /** Kinds of what was shown or changed. */
  types: string[];
  /** Ids of the patients it was about. */
  patients: string[];
  /** What it was about that isn't in the records: accounts, apps, messages. */
  subjects: Subject[];
  outcome: "done" | "refused" | "failed";
  /** Status and issue code of what failed, or what else is told about the outcome. */
  reason: string;
  /** Through broken glass. */
  isEmergency: boolean;
  /** Another system says so: this server didn't see it. */
  isReported: boolean;
  event: AuditEvent;
}

const DICOM = "http://dicom.nema.org/resources/ontology/DCM";
const PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const OPERATIONS = "https://fhirserver.example/CodeSystem/operation";
const ORIGIN = "https://fhirserver.example/CodeSystem/audit-origin";
const EMERGENCY = ["BTG", "ETREAT"];
const PERSONS = /^(?:Practitioner|PractitionerRole|Patient|RelatedPerson|Person)\//;

const BY_TYPE: Record<string, Did> = {
  110107: "imported", 110102: "imagesComing", 110103: "imagesSeen", 110104: "imagesMoved", 110105: "imagesDeleted",
  110106: "exported", 110112: "searched", 110113: "refusedDevice",
};
const BY_SUBTYPE: Record<string, Did> = {
  110122: "signedIn", 110123: "signedOut", read: "read", vread: "read", "history-instance": "versions", "history-type": "versions",
  "history-system": "versions", "search-type": "searched", "search-system": "searched", create: "created", update: "changed",
  patch: "changed", delete: "deleted", transaction: "several", batch: "several", operation: "called",
};
/** Names of operations that only repeat what the event is of itself. */
const PLAIN = new Set(["load"]);

/** What happened, from the resource. */
export function rowOf(event: AuditEvent): Row {
  const requestor = event.agent.find((agent) => agent.requestor) ?? event.agent[0];
  const person = requestor !== undefined && isPerson(requestor) ? requestor : undefined;
  const client = event.agent.find((agent) => agent !== person && agent.who?.identifier?.value !== undefined)?.who?.identifier?.value;
  const codes = (event.subtype ?? []).filter((one) => one.system !== OPERATIONS).map((one) => one.code ?? "");
  const operation = event.subtype?.find((one) => one.system === OPERATIONS)?.code ?? "";
  const references = (event.entity ?? []).map((entity) => entity.what?.reference ?? "").filter((one) => one !== "");
  const purposes = [...(event.purposeOfEvent ?? []), ...event.agent.flatMap((agent) => agent.purposeOfUse ?? [])].flatMap((one) => one.coding ?? []);
  return {
    id: event.id ?? event.recorded,
    at: event.recorded,
    person: person === undefined ? undefined : {
      reference: person.who?.reference,
      account: person.altId ?? person.who?.identifier?.value,
      name: person.who?.display ?? "",
      roles: (person.role ?? []).flatMap((one) => one.coding ?? []).map((one) => one.code ?? "").filter((one) => one !== ""),
    },
    client: client ?? (person === undefined ? (requestor?.who?.display ?? requestor?.name ?? "") : ""),
    address: event.agent.find((agent) => agent.who?.identifier?.value === client && agent.network?.address !== undefined)?.network?.address,
    did: (event.type.system === DICOM ? BY_TYPE[event.type.code ?? ""] : undefined) ?? codes.map((code) => BY_SUBTYPE[code]).find((one) => one !== undefined) ?? (operation === "" ? "other" : "called"),
    operation: PLAIN.has(operation) ? "" : operation,
    types: touchedIn(event),
    patients: [...new Set(references.map((one) => idIn(one, "Patient")).filter((id) => id !== undefined))],
    subjects: subjectsIn(event),
    outcome: event.outcome === undefined || event.outcome === "0" ? "done" : event.outcome === "4" ? "refused" : "failed",
    reason: event.outcomeDesc ?? "",
    isEmergency: purposes.some((coding) => EMERGENCY.includes(coding.code ?? "")),
    isReported: event.meta?.tag?.some((tag) => tag.system === ORIGIN && tag.code === "submitted") === true,
    event,
  };
}

const SUBJECT = /^urn:fhirserver:(.+)$/;

function subjectsIn(event: AuditEvent): Subject[] {
  return (event.entity ?? []).flatMap((entity) => {
    const kind = SUBJECT.exec(entity.what?.identifier?.system ?? "")?.[1];
    const id = entity.what?.identifier?.value;
    if (kind === undefined || id === undefined) return [];
    return [{ kind, id, told: (entity.detail ?? []).map((one) => ({ name: one.type, value: one.valueString ?? "" })) }];
  });
}

/** Kinds of what was shown or changed; whose it is is named beside it, as a person. */
export function touchedIn(event: AuditEvent): string[] {
  const data = (event.entity ?? []).filter((entity) => entity.type?.code !== "1").map((entity) => entity.what?.reference?.split("/")[0] ?? "");
  return [...new Set(data.filter((type) => type !== ""))];
}

function isPerson(agent: AuditEventAgent): boolean {
  return agent.type?.coding?.some((coding) => coding.system === PARTICIPATION) === true || PERSONS.test(agent.who?.reference ?? "");
}

/** What was searched for, as it was asked; it is kept in base64. */
export function queryIn(event: AuditEvent): string | undefined {
  const kept = event.entity?.find((entity) => entity.query !== undefined)?.query;
  if (kept === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(kept), (letter) => letter.charCodeAt(0)));
  } catch {
    return undefined; // the bytes of a DICOM query are no text
  }
}

/** The id by which the request can be found in the logs. */
export function requestIn(event: AuditEvent): string | undefined {
  return event.entity?.find((entity) => entity.type?.code === "XrequestId")?.what?.identifier?.value;
}
