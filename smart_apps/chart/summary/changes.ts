import type { DiagnosticReport, DocumentReference, Encounter, MedicationRequest, Observation, Task } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { level } from "../../shared/format/quantities.ts";

export type Kind = "alert" | "result" | "report" | "medication" | "stopped" | "note" | "encounter";

/** Something that happened since yesterday. */
export interface Change {
  kind: Kind;
  at: string;
  text: string;
  /** The result, when it is one out of its range. */
  observation?: Observation;
  isUrgent: boolean;
}

/** Midnight before this one: "since yesterday" is yesterday and today. */
export function sinceYesterday(now = new Date()): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
}

export interface Given {
  labs: readonly Observation[];
  reports: readonly DiagnosticReport[];
  medications: readonly MedicationRequest[];
  tasks: readonly Task[];
  notes: readonly DocumentReference[];
  encounters: readonly Encounter[];
}

/** What is new since a moment, alerts and critical results first, then the newest. A result out of its range stands alone; the others are counted in their report. */
export function changesSince(since: Date, given: Given): Change[] {
  const isNew = (at: string | undefined): at is string => at !== undefined && Date.parse(at) >= since.getTime();
  const changes: Change[] = [];
  for (const task of given.tasks) {
    if (!isNew(task.authoredOn)) continue;
    changes.push({ kind: "alert", at: task.authoredOn, text: task.description ?? words(task.reasonCode), isUrgent: !["completed", "cancelled", "rejected"].includes(task.status) });
  }
  for (const one of given.labs) {
    const at = one.issued ?? one.effectiveDateTime;
    const how = level(one);
    if (!isNew(at) || how === undefined || how === "N" || one.status === "entered-in-error") continue;
    changes.push({ kind: "result", at, text: words(one.code), observation: one, isUrgent: ["HH", "LL", "AA"].includes(how) });
  }
  for (const report of given.reports) {
    const at = report.issued ?? report.effectiveDateTime;
    if (isNew(at) && report.status !== "registered" && report.status !== "entered-in-error") changes.push({ kind: "report", at, text: words(report.code), isUrgent: false });
  }
  for (const order of given.medications) {
    const name = words(order.medicationCodeableConcept) || (order.medicationReference?.display ?? "");
    if (isNew(order.authoredOn) && ["active", "on-hold", "completed"].includes(order.status)) changes.push({ kind: "medication", at: order.authoredOn, text: name, isUrgent: false });
    else if (order.status === "stopped" && isNew(order.meta?.lastUpdated)) changes.push({ kind: "stopped", at: order.meta.lastUpdated, text: name, isUrgent: false });
  }
  for (const note of given.notes) if (isNew(note.date) && note.status === "current") changes.push({ kind: "note", at: note.date, text: words(note.type), isUrgent: false });
  for (const one of given.encounters) {
    if (isNew(one.period?.start)) changes.push({ kind: "encounter", at: one.period.start, text: words(one.type?.[0]) || (one.class.display ?? ""), isUrgent: false });
  }
  return changes.sort((a, b) => Number(b.isUrgent) - Number(a.isUrgent) || Date.parse(b.at) - Date.parse(a.at));
}
