import type { Appointment, Slot } from "fhir/r4";

import { comers, keepsTime, overlaps, scheduleIdOf, slotRefs } from "./appointments.ts";
import type { Row } from "./rows.ts";

/** Somebody or something that must have time, and the schedules of which one has to have it. */
export interface Party {
  row: Row;
  schedules: string[];
}

export type Plan =
  | { fits: true; slots: string[]; start: Date; end: Date }
  | { fits: false; why: "past" | "taken" | "closed"; row: Row; clash?: Appointment };

/** The slots that cover a time without a gap; undefined when there are none. */
export function covering(slots: readonly Slot[], start: Date, end: Date): Slot[] | undefined {
  const near = slots
    .filter((slot) => Date.parse(slot.start) < end.getTime() && Date.parse(slot.end) > start.getTime())
    .sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  const first = near[0];
  const last = near.at(-1);
  if (first === undefined || last === undefined || Date.parse(first.start) > start.getTime() || Date.parse(last.end) < end.getTime()) return undefined;
  const isWhole = near.every((slot, n) => n === 0 || Date.parse(slot.start) === Date.parse(near[n - 1]?.end ?? ""));
  return isWhole ? near : undefined;
}

/**
 * Who must have time when an appointment is moved: those whose slots it has, else those of its participants who have
 * schedules. `from` is replaced by `to`.
 */
export function partiesOf(appointment: Appointment, had: readonly Slot[], rows: readonly Row[], from?: Row, to?: Row): Party[] {
  const kept = new Set(had.map(scheduleIdOf));
  const concerned = rows.filter((row) => (kept.size > 0 ? row.schedules.some((id) => kept.has(id)) : comers(appointment).includes(row.ref)));
  const parties = new Map<string, Party>();
  for (const row of concerned) {
    if (from !== undefined && to !== undefined && row.ref === from.ref) continue;
    const own = row.schedules.filter((id) => kept.has(id));
    // A schedule that somebody shares with who is replaced goes with them.
    if (own.length > 0 && from !== undefined && to !== undefined && own.every((id) => from.schedules.includes(id))) continue;
    parties.set(row.ref, { row, schedules: own.length > 0 ? own : row.schedules });
  }
  if (to !== undefined) {
    // The schedule that it had with them first: its slots are its own.
    const first = to.schedules.filter((id) => kept.has(id));
    parties.set(to.ref, { row: to, schedules: [...first, ...to.schedules.filter((id) => !first.includes(id))] });
  }
  return [...parties.values()];
}

/** Whether an appointment can be had at a time, with which slots, or what is in the way. */
export function planned(
  appointment: Appointment, parties: readonly Party[], slots: readonly Slot[], near: readonly Appointment[], start: Date, end: Date, now: Date,
): Plan {
  const [first] = parties;
  if (first === undefined) throw new Error("nobody to plan for");
  if (start.getTime() < now.getTime()) return { fits: false, why: "past", row: first.row };
  const own = new Set(slotRefs(appointment));
  const usable = slots.filter((slot) => slot.status === "free" || own.has(`Slot/${slot.id ?? ""}`));
  // Another appointment says more than a slot that isn't free.
  for (const { row } of parties) {
    const clash = clashOf(appointment, row, near, start, end, now);
    if (clash !== undefined) return { fits: false, why: "taken", row, clash };
  }
  const taken: Slot[] = [];
  for (const { row, schedules } of parties) {
    const found = schedules.map((id) => covering(usable.filter((slot) => scheduleIdOf(slot) === id), start, end)).find((run) => run !== undefined);
    if (found === undefined) {
      const isKept = slots.some((slot) => schedules.includes(scheduleIdOf(slot)) && !usable.includes(slot) && slot.status !== "busy-unavailable"
        && Date.parse(slot.start) < end.getTime() && Date.parse(slot.end) > start.getTime());
      return { fits: false, why: isKept ? "taken" : "closed", row };
    }
    taken.push(...found.filter((slot) => !taken.includes(slot)));
  }
  // The time is that which all of the schedules' slots have in common.
  const runs = [...new Set(taken.map(scheduleIdOf))].map((id) => taken.filter((slot) => scheduleIdOf(slot) === id));
  const begins = Math.max(...runs.map((run) => Date.parse(run[0]?.start ?? "")));
  const ends = Math.min(...runs.map((run) => Date.parse(run.at(-1)?.end ?? "")));
  return { fits: true, slots: taken.map((slot) => `Slot/${slot.id ?? ""}`), start: new Date(begins), end: new Date(ends) };
}

/** The appointment of somebody that is in the way. */
function clashOf(appointment: Appointment, row: Row, near: readonly Appointment[], start: Date, end: Date, now: Date): Appointment | undefined {
  return near.find((one) => one.id !== appointment.id && keepsTime(one, now) && overlaps(one, start, end) && comers(one).includes(row.ref));
}
