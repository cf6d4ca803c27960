import type { Condition, DiagnosticReport, DocumentReference, Encounter, FhirResource, ImagingStudy, Immunization, MedicationRequest, Observation, Procedure, Task } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { isInError } from "../../shared/format/inError.ts";
import { level } from "../../shared/format/quantities.ts";
import { isNote } from "../notes/isNote.ts";

export type Kind = "alert" | "result" | "report" | "medication" | "stopped" | "note" | "document" | "encounter" | "problem" | "procedure" | "immunization" | "image" | "withdrawn";

/** Something that happened since yesterday. */
export interface Change {
  kind: Kind;
  at: string;
  text: string;
  /** The result, when it is one out of its range. */
  observation?: Observation;
  isUrgent: boolean;
  /** Where it is, below the patient's record. */
  page?: string;
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
  problems: readonly Condition[];
  procedures: readonly Procedure[];
  immunizations: readonly Immunization[];
  images: readonly ImagingStudy[];
}

/** What is new since a moment, alerts and critical results first, then the newest. A result out of its range stands alone; the others are counted in their report. */
export function changesSince(since: Date, given: Given): Change[] {
  const isNew = (at: string | undefined): at is string => at !== undefined && Date.parse(at) >= since.getTime();
  const changes: Change[] = [];
  // Who has read it may have acted on it.
  const withdrawn = (one: FhirResource, text: string, page: string) => {
    const at = one.meta?.lastUpdated;
    if (isNew(at)) changes.push({ kind: "withdrawn", at, text, isUrgent: true, page });
  };
  for (const task of given.tasks) {
    if (!isNew(task.authoredOn)) continue;
    changes.push({ kind: "alert", at: task.authoredOn, text: task.description ?? words(task.reasonCode), isUrgent: !["completed", "cancelled", "rejected"].includes(task.status) });
  }
  for (const one of given.labs) {
    const at = one.issued ?? one.effectiveDateTime;
    const how = level(one);
    if (!isNew(at) || how === undefined || how === "N" || one.status === "entered-in-error") continue;
    changes.push({ kind: "result", at, text: words(one.code), observation: one, isUrgent: ["HH", "LL", "AA"].includes(how), page: "results" });
  }
  for (const report of given.reports) {
    const at = report.issued ?? report.effectiveDateTime;
    const page = `results/reports/${report.id ?? ""}`;
    if (isInError(report)) withdrawn(report, words(report.code), page);
    else if (isNew(at) && report.status !== "registered") changes.push({ kind: "report", at, text: words(report.code), isUrgent: false, page });
  }
  for (const order of given.medications) {
    const name = words(order.medicationCodeableConcept) || (order.medicationReference?.display ?? "");
    if (isNew(order.authoredOn) && ["active", "on-hold", "completed"].includes(order.status)) changes.push({ kind: "medication", at: order.authoredOn, text: name, isUrgent: false, page: `medications#${order.id ?? ""}` });
    else if (order.status === "stopped" && isNew(order.meta?.lastUpdated)) changes.push({ kind: "stopped", at: order.meta.lastUpdated, text: name, isUrgent: false, page: `medications#${order.id ?? ""}` });
  }
  for (const note of given.notes) {
    const kind = isNote(note) ? "note" : "document";
    if (isInError(note)) withdrawn(note, words(note.type), `${kind}s#${note.id ?? ""}`);
    if (isNew(note.date) && note.status === "current") changes.push({ kind, at: note.date, text: words(note.type), isUrgent: false, page: `${kind}s#${note.id ?? ""}` });
  }
  for (const one of given.encounters) {
    if (isNew(one.period?.start)) changes.push({ kind: "encounter", at: one.period.start, text: words(one.type?.[0]) || (one.class.display ?? ""), isUrgent: false, page: `encounters#${one.id ?? ""}` });
  }
  for (const one of given.problems) if (isNew(one.recordedDate)) changes.push({ kind: "problem", at: one.recordedDate, text: words(one.code), isUrgent: false, page: `problems#${one.id ?? ""}` });
  for (const one of given.procedures) {
    const at = one.performedDateTime ?? one.performedPeriod?.start;
    if (isNew(at) && one.status !== "entered-in-error") changes.push({ kind: "procedure", at, text: words(one.code), isUrgent: false, page: `procedures#${one.id ?? ""}` });
  }
  for (const one of given.immunizations) {
    if (isNew(one.occurrenceDateTime) && one.status === "completed") changes.push({ kind: "immunization", at: one.occurrenceDateTime, text: words(one.vaccineCode), isUrgent: false, page: `immunizations#${one.id ?? ""}` });
  }
  for (const one of given.images) if (isNew(one.started) && one.status !== "entered-in-error") changes.push({ kind: "image", at: one.started, text: one.description ?? words(one.procedureCode?.[0]), isUrgent: false, page: `imaging#${one.id ?? ""}` });
  return changes.sort((a, b) => Number(b.isUrgent) - Number(a.isUrgent) || Date.parse(b.at) - Date.parse(a.at));
}
