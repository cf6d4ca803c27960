import type { AuditEvent, Bundle, Patient, Period, Practitioner, Task } from "fhir/r4";

import { idIn, resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { codeIn } from "../../shared/format/codes.ts";
import { plainName } from "../../shared/format/people.ts";
import { touchedIn } from "../trail/events.ts";

const REVIEW = "https://fhirserver.example/CodeSystem/task-code|break-glass-review";
const INPUTS = "https://fhirserver.example/CodeSystem/task-input";
export const DECISIONS = "https://fhirserver.example/CodeSystem/break-glass-decision";
const REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const HOUR_MS = 3_600_000;
const OVER = ["completed", "cancelled", "rejected", "failed", "entered-in-error"];
const WAITING = ["draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"];

/** What a review may come to; an open one may have a note and wait. */
export type Decision = "justified" | "unjustified" | "open";

/** Somebody opened a record that wasn't theirs to open, and whether that was right is to be decided. */
export interface Review {
  id: string;
  task: Stored<Task>;
  /** Practitioner/1 */
  who: string | undefined;
  whoName: string;
  patientId: string | undefined;
  patient: Stored<Patient> | undefined;
  /** BTG or ETREAT. */
  purpose: string;
  reason: string;
  /** While the record was open. */
  open: Required<Pick<Period, "start" | "end">>;
  isOver: boolean;
  decision: Decision | undefined;
  notes: { text: string; by: string | undefined; at: string | undefined }[];
}

/** Those that wait, the longest waiting first; or those that are decided, the last one first. */
export function searchFor(tab: "waiting" | "decided"): Record<string, string | number | readonly string[]> {
  const common = { code: REVIEW, _include: ["Task:patient", "Task:requester"], _count: 50 };
  return tab === "decided" ? { ...common, status: OVER.join(","), _sort: "-modified" } : { ...common, status: WAITING.join(","), _sort: "authored-on" };
}

export function reviewsIn(bundle: Bundle): Review[] {
  const patients = new Map(resourcesOf<Stored<Patient>>(bundle, "Patient").map((one) => [one.id, one]));
  const people = new Map(resourcesOf<Practitioner>(bundle, "Practitioner").map((one) => [`Practitioner/${one.id ?? ""}`, one]));
  return resourcesOf<Stored<Task>>(bundle, "Task").map((task) => {
    const patientId = idIn(task.for?.reference, "Patient");
    const who = task.requester?.reference;
    const decision = codeIn(task.businessStatus, DECISIONS);
    return {
      id: task.id,
      task,
      who,
      whoName: plainName(people.get(who ?? "")?.name),
      patientId,
      patient: patients.get(patientId ?? ""),
      purpose: codeIn(task.reasonCode, REASONS) ?? "",
      reason: task.description ?? "",
      open: openIn(task),
      isOver: OVER.includes(task.status),
      decision: decision === "justified" || decision === "unjustified" || decision === "open" ? decision : undefined,
      notes: (task.note ?? []).map((note) => ({ text: note.text, by: note.authorReference?.reference, at: note.time })),
    };
  });
}

/** As the task says; an hour where it doesn't. */
function openIn(task: Task): Review["open"] {
  const period = task.input?.find((input) => codeIn(input.type, INPUTS) === "emergency-access")?.valuePeriod;
  const start = period?.start ?? task.authoredOn ?? task.meta?.lastUpdated ?? "";
  return { start, end: period?.end ?? new Date(Date.parse(start) + HOUR_MS).toISOString() };
}

/** The task with a decision: who decided, when, and what they wrote. */
export function decided(task: Stored<Task>, given: { decision: Decision; words: string; note: string; by: string | undefined; at: string }): Stored<Task> {
  const by = given.by === undefined ? {} : { authorReference: { reference: given.by } };
  return {
    ...task,
    status: given.decision === "open" ? "in-progress" : "completed",
    businessStatus: { coding: [{ system: DECISIONS, code: given.decision, display: given.words }], text: given.words },
    lastModified: given.at,
    ...(given.by === undefined ? {} : { owner: { reference: given.by } }),
    executionPeriod: { start: task.executionPeriod?.start ?? given.at, ...(given.decision === "open" ? {} : { end: given.at }) },
    note: [...(task.note ?? []), { ...by, time: given.at, text: given.note.trim() }],
  };
}

/** What was seen or changed of a kind, how often, and when. */
export interface Seen {
  type: string;
  times: number;
  first: string;
  last: string;
  isChange: boolean;
}

/** Events in any order, as what was done to each kind of records; changes apart and first. */
export function seenIn(events: readonly AuditEvent[]): Seen[] {
  const found = new Map<string, Seen>();
  for (const event of events) {
    if (event.outcome !== undefined && event.outcome !== "0") continue;
    const isChange = ["C", "U", "D"].includes(event.action ?? "");
    for (const type of touchedIn(event)) {
      const key = `${String(isChange)} ${type}`;
      const before = found.get(key);
      if (before === undefined) found.set(key, { type, times: 1, first: event.recorded, last: event.recorded, isChange });
      else {
        before.times += 1;
        if (event.recorded < before.first) before.first = event.recorded;
        if (event.recorded > before.last) before.last = event.recorded;
      }
    }
  }
  return [...found.values()].sort((a, b) => Number(b.isChange) - Number(a.isChange) || b.times - a.times || a.type.localeCompare(b.type));
}
