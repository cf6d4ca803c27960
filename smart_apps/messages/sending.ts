import type { CareTeam, Communication, Reference } from "fhir/r4";

import type { Fhir } from "../shared/fhir/client.ts";
import { isoNow } from "../shared/format/dates.ts";
import { CATEGORY, CODES, MESSAGE, RECEIPT, THREAD, type Message } from "./threads.ts";

export interface Draft {
  /** Of the message that is being written: a second try sends the same. */
  id: string;
  to: Reference[];
  topic: string;
  patientId?: string;
  text: string;
  isUrgent: boolean;
  attachments: string[];
}

/** A message of a conversation; without a thread it begins one. */
export function messageFrom(draft: Draft, sender: Reference, answers?: { thread: string; to?: Message }, now = isoNow()): Communication {
  const known = { topic: draft.topic.trim() === "" ? undefined : { text: draft.topic.trim() }, subject: draft.patientId === undefined ? undefined : { reference: `Patient/${draft.patientId}` } };
  return {
    resourceType: "Communication",
    identifier: [{ system: THREAD, value: answers?.thread ?? draft.id }, { system: MESSAGE, value: draft.id }],
    ...(answers?.to === undefined ? {} : { inResponseTo: [{ reference: `Communication/${answers.to.id}` }] }),
    status: "in-progress",
    // What is about no patient may be read where only organization is: by the reception.
    category: [{ coding: [{ system: CATEGORY, code: draft.patientId === undefined ? "notification" : "instruction" }] }],
    priority: draft.isUrgent ? "urgent" : "routine",
    ...(known.subject === undefined ? {} : { subject: known.subject }),
    ...(known.topic === undefined ? {} : { topic: known.topic }),
    ...(draft.attachments.length === 0 ? {} : { about: draft.attachments.map((reference) => ({ reference })) }),
    sent: now,
    recipient: draft.to,
    sender,
    payload: [
      ...(draft.text.trim() === "" ? [] : [{ contentString: draft.text.trim() }]),
      // Without a text of what they are: who may not see one learns nothing of it.
      ...draft.attachments.map((reference) => ({ contentReference: { reference } })),
    ],
  };
}

export function send(fhir: Fhir, message: Communication): Promise<unknown> {
  const id = message.identifier?.find((one) => one.system === MESSAGE)?.value ?? "";
  return fhir.create(message, `identifier=${encodeURIComponent(`${MESSAGE}|${id}`)}`);
}

/** What tells the others that the reader has opened a message. */
export function receiptFor(message: Message, me: Reference, now = isoNow()): Communication {
  const others = [message.resource.sender, ...message.recipients].filter((one) => one?.reference !== undefined && one.reference !== me.reference && !one.reference.startsWith("CareTeam/"));
  return {
    resourceType: "Communication",
    identifier: [{ system: RECEIPT, value: `${message.id}/${me.reference ?? ""}` }],
    partOf: [{ reference: `Communication/${message.id}` }],
    status: "completed",
    category: [{ coding: [{ system: CODES, code: "receipt" }] }, { coding: [{ system: CATEGORY, code: "notification" }] }],
    sent: now,
    sender: me,
    recipient: others as Reference[],
  };
}

/** Mark messages as read: `received` for all programs, and a receipt where there are several readers. */
export async function markRead(fhir: Fhir, messages: readonly Message[], me: Reference): Promise<void> {
  for (const message of messages) {
    const receipt = receiptFor(message, me);
    const once = `identifier=${encodeURIComponent(`${RECEIPT}|${receipt.identifier?.[0]?.value ?? ""}`)}`;
    await fhir.create(receipt, once);
    if (message.resource.received !== undefined || message.resource.status !== "in-progress") continue;
    // Another reader may have been faster: that is as good.
    await fhir.patch("Communication", message.id, [{ op: "add", path: "/received", value: isoNow() }, { op: "replace", path: "/status", value: "completed" }]).catch(() => undefined);
  }
}

/** A care team stands beside its members, for whom the messages are: staff only, never the patient or relatives. */
export function membersOf(team: CareTeam): Reference[] {
  const staff = (team.participant ?? []).map((one) => one.member).filter((member) => /^(Practitioner|PractitionerRole)\//.test(member?.reference ?? ""));
  return [{ reference: `CareTeam/${team.id ?? ""}`, ...(team.name === undefined ? {} : { display: team.name }) }, ...(staff as Reference[])];
}

/** Each once, without the sender. */
export function once(people: readonly Reference[], me: readonly string[]): Reference[] {
  const found = new Map(people.filter((one) => one.reference !== undefined && !me.includes(one.reference)).map((one) => [one.reference, one]));
  return [...found.values()];
}
