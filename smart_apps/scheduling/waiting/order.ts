import type { Appointment } from "fhir/r4";

import { refOf } from "../model/appointments.ts";
import type { Row } from "../model/rows.ts";

/** By priority (1 is the highest; 0 and none are the last), then who has waited longest. */
export function sorted<T extends Appointment>(waiting: readonly T[]): T[] {
  const rank = (one: Appointment) => (one.priority === undefined || one.priority === 0 ? Number.MAX_SAFE_INTEGER : one.priority);
  const since = (one: Appointment) => one.created ?? one.meta?.lastUpdated ?? "";
  return [...waiting].sort((a, b) => rank(a) - rank(b) || Date.parse(since(a)) - Date.parse(since(b)));
}

/** With whom or what they want to be: participants that have a calendar. */
export function wishedRows(appointment: Appointment, rows: readonly Row[]): Row[] {
  const refs = new Set(appointment.participant.map(refOf));
  return rows.filter((row) => refs.has(row.ref));
}
