import type { BundleEntry, Communication, Task } from "fhir/r4";

import type { Fhir } from "../shared/fhir/client.ts";
import { isoNow } from "../shared/format/dates.ts";
import { ALERT, type Alert } from "./alerts.ts";

export interface Answer {
  /** Taken on, or done as well. */
  status: "accepted" | "completed";
  /** A code of ALERT: what was done. */
  action: string;
  note: string;
}

/** The task as answered: by whom, with what was done, and in words. */
export function answered(task: Task, answer: Answer, me: string, now = isoNow()): Task {
  return {
    ...task,
    status: answer.status,
    // Who answers is who has it from now on, whoever was asked.
    owner: { reference: me },
    lastModified: now,
    output: [...(task.output ?? []), { type: { coding: [{ system: ALERT, code: "action" }] }, valueCodeableConcept: { coding: [{ system: ALERT, code: answer.action }] } }],
    ...noted(task, answer.note, me, now),
  };
}

/** Not for me: the server asks the next at once. */
export function passedOn(task: Task, reason: string, me: string, now = isoNow()): Task {
  return { ...task, status: "rejected", lastModified: now, ...(reason === "" ? {} : { statusReason: { text: reason } }), ...noted(task, reason, me, now) };
}

/** Into the hands of somebody by name; the clock runs on, and the next is asked if they don't answer. */
export function handedTo(task: Task, to: string, reason: string, me: string, now = isoNow()): Task {
  return { ...task, status: "requested", owner: { reference: to }, lastModified: now, ...noted(task, reason, me, now) };
}

function noted(task: Task, text: string, me: string, now: string): Pick<Task, "note"> {
  return text.trim() === "" ? {} : { note: [...(task.note ?? []), { text: text.trim(), time: now, authorReference: { reference: me } }] };
}

/** A task in other hands, and the message that tells them: both or neither. */
export function handingOver(alert: Alert, to: string, reason: string, me: string, now = isoNow()): BundleEntry<Task | Communication>[] {
  const { task } = alert;
  const reference = `Task/${alert.id}`;
  return [
    {
      fullUrl: reference,
      resource: handedTo(task, to, reason, me, now),
      request: { method: "PUT", url: reference, ifMatch: `W/"${task.meta?.versionId ?? ""}"` },
    },
    {
      resource: {
        resourceType: "Communication",
        status: "in-progress",
        category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/communication-category", code: "alert" }] }],
        priority: task.priority,
        partOf: [{ reference }],
        subject: task.for,
        encounter: task.encounter,
        about: task.focus === undefined ? undefined : [task.focus],
        sent: now,
        sender: { reference: me },
        recipient: [{ reference: to }],
        payload: [{ contentString: [task.description, reason.trim()].filter(Boolean).join("\n") }],
      },
      request: { method: "POST", url: "Communication" },
    },
  ];
}

/** Say that the messages about an alert have reached their reader; nobody waits for it. */
export async function receipted(fhir: Fhir, alert: Alert, me: readonly string[]): Promise<void> {
  const told = await fhir.search("Communication", { "part-of": `Task/${alert.id}`, status: "in-progress" });
  for (const entry of told.entry ?? []) {
    const one = entry.resource;
    if (one?.resourceType !== "Communication" || one.received !== undefined || one.recipient?.some((to) => me.includes(to.reference ?? "")) !== true) continue;
    await fhir.patch("Communication", one.id ?? "", [{ op: "add", path: "/received", value: isoNow() }, { op: "replace", path: "/status", value: "completed" }]).catch(() => undefined);
  }
}
