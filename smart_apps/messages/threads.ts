import type { Bundle, Communication, Patient, Practitioner, Reference } from "fhir/r4";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { hasCode } from "../shared/format/codes.ts";
import { formalName, plainName, recordNumber } from "../shared/format/people.ts";

const OURS = "https://fhirserver.example";
/** Messages of one conversation have one identifier of this system. */
export const THREAD = `${OURS}/message-thread`;
/** Each message has one of this system, so that a second try to send it makes no second one. */
export const MESSAGE = `${OURS}/message`;
export const RECEIPT = `${OURS}/message-receipt`;
export const CODES = `${OURS}/CodeSystem/message`;
export const CATEGORY = "http://terminology.hl7.org/CodeSystem/communication-category";

export interface Message {
  id: string;
  resource: Communication;
  at: string;
  sender?: string;
  senderName: string;
  text: string;
  attachments: Reference[];
  /** People and roles; a care team is named beside its members. */
  recipients: Reference[];
  isOwn: boolean;
  isUrgent: boolean;
  /** It is to the reader, who hasn't opened it. */
  isUnread: boolean;
  /** References of those who have. */
  readBy: string[];
  mentionsMe: boolean;
}

export interface Thread {
  key: string;
  topic: string;
  patientId?: string;
  patient?: Patient;
  messages: Message[];
  last: Message;
  unread: number;
  isUrgent: boolean;
  /** All who take part but the reader. */
  others: Reference[];
}

/** The reader, as resources name them, and by name. */
export interface Myself {
  references: readonly string[];
  name: string;
}

/** The conversations of some pages: the unread urgent first, then the newest. */
export function threadsOf(bundles: readonly (Bundle | undefined)[], me: Myself): Thread[] {
  const messages = messagesOf(bundles, me);
  const patients = new Map(bundles.flatMap((bundle) => resourcesOf<Patient>(bundle, "Patient")).map((one) => [one.id ?? "", one]));
  const grouped = new Map<string, Message[]>();
  for (const message of messages) {
    const key = keyOf(message.resource);
    grouped.set(key, [...(grouped.get(key) ?? []), message]);
  }
  return [...grouped].map(([key, all]) => threadOf(key, all, patients, me)).sort(byNews);
}

function threadOf(key: string, messages: Message[], patients: ReadonlyMap<string, Patient>, me: Myself): Thread {
  const sorted = messages.sort((a, b) => a.at.localeCompare(b.at));
  const last = sorted[sorted.length - 1] as Message;
  const patientId = sorted.map((one) => one.resource.subject?.reference?.replace(/^Patient\//, "")).find((id) => id !== undefined);
  return {
    key,
    topic: sorted.map((one) => one.resource.topic?.text ?? "").find((topic) => topic !== "") ?? "",
    patientId,
    patient: patientId === undefined ? undefined : patients.get(patientId),
    messages: sorted,
    last,
    unread: sorted.filter((one) => one.isUnread).length,
    isUrgent: sorted.some((one) => one.isUrgent && one.isUnread),
    others: othersIn(sorted, me),
  };
}

function byNews(a: Thread, b: Thread): number {
  return Number(b.isUrgent) - Number(a.isUrgent) || b.last.at.localeCompare(a.last.at);
}

/** Everybody in these messages but the reader, each once. */
function othersIn(messages: readonly Message[], me: Myself): Reference[] {
  const found = new Map<string, Reference>();
  for (const { resource } of messages) {
    for (const one of [resource.sender, ...(resource.recipient ?? [])]) {
      const reference = one?.reference;
      if (one === undefined || reference === undefined || me.references.includes(reference)) continue;
      if (found.get(reference)?.display === undefined) found.set(reference, one);
    }
  }
  return [...found.values()];
}

/** The messages of some pages; receipts are in whom they were read by. */
export function messagesOf(bundles: readonly (Bundle | undefined)[], me: Myself): Message[] {
  const all = new Map<string, Communication>();
  const names = new Map<string, string>();
  for (const bundle of bundles) {
    for (const one of resourcesOf<Communication>(bundle, "Communication")) all.set(one.id ?? "", one);
    for (const one of resourcesOf<Practitioner>(bundle, "Practitioner")) names.set(`Practitioner/${one.id ?? ""}`, plainName(one.name));
    for (const one of resourcesOf<Patient>(bundle, "Patient")) names.set(`Patient/${one.id ?? ""}`, formalName(one.name));
  }
  const receipts = new Map<string, string[]>();
  for (const one of all.values()) {
    if (!isReceipt(one) || one.sender?.reference === undefined) continue;
    const of = one.partOf?.[0]?.reference?.replace(/^Communication\//, "") ?? "";
    receipts.set(of, [...(receipts.get(of) ?? []), one.sender.reference]);
  }
  return [...all.values()].filter((one) => !isReceipt(one) && one.payload !== undefined && one.status !== "entered-in-error").map((one) => messageOf(one, receipts.get(one.id ?? "") ?? [], names, me));
}

function messageOf(one: Communication, receipts: string[], names: ReadonlyMap<string, string>, me: Myself): Message {
  const sender = one.sender?.reference;
  const people = (one.recipient ?? []).filter((to) => to.reference?.startsWith("CareTeam/") !== true);
  const isOwn = sender !== undefined && me.references.includes(sender);
  const only = people.length === 1 ? people[0]?.reference : undefined;
  // The server's and other programs' receipt is `received`; it tells of one reader only.
  const readBy = [...new Set([...receipts, ...(one.received !== undefined && only !== undefined ? [only] : [])])];
  const isToMe = people.some((to) => me.references.includes(to.reference ?? ""));
  const text = (one.payload ?? []).map((part) => part.contentString).filter((part) => part !== undefined).join("\n");
  return {
    id: one.id ?? "",
    resource: one,
    at: one.sent ?? one.meta?.lastUpdated ?? "",
    sender,
    senderName: one.sender?.display ?? names.get(sender ?? "") ?? "",
    text,
    attachments: (one.payload ?? []).flatMap((part) => (part.contentReference === undefined ? [] : [part.contentReference])),
    recipients: (one.recipient ?? []).map((to) => (to.display === undefined && to.reference !== undefined && names.has(to.reference) ? { ...to, display: names.get(to.reference) } : to)),
    isOwn,
    isUrgent: one.priority === "urgent" || one.priority === "asap" || one.priority === "stat",
    isUnread: !isOwn && isToMe && !readBy.some((reader) => me.references.includes(reader)),
    readBy,
    mentionsMe: me.name !== "" && text.includes(`@${me.name}`),
  };
}

export function isReceipt(one: Communication): boolean {
  return one.category?.some((category) => hasCode(category, "receipt", CODES)) === true;
}

export function keyOf(one: Communication): string {
  return one.identifier?.find((identifier) => identifier.system === THREAD)?.value ?? one.id ?? "";
}

/** Whether a conversation has all words that are sought: in its topic, people, patient or texts. */
export function matches(thread: Thread, sought: string): boolean {
  const words = sought.trim().toLocaleLowerCase().split(/\s+/);
  const text = [
    thread.topic, formalName(thread.patient?.name), recordNumber(thread.patient?.identifier),
    ...thread.others.map((one) => one.display), ...thread.messages.flatMap((one) => [one.senderName, one.text]),
  ].filter(Boolean).join(" ").toLocaleLowerCase();
  return words.every((word) => text.includes(word));
}
