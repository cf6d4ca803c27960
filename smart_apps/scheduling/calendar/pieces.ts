import type { Appointment, Patient, Slot } from "fhir/r4";

import type { Stored } from "../../shared/fhir/client.ts";
import { comers, patientName, scheduleIdOf } from "../model/appointments.ts";
import type { Row } from "../model/rows.ts";
import type { Piece } from "./tracks.ts";

/** What the grid shows: open time behind, appointments in front. `shown` gives the clinic's clock. */
export function piecesOf(
  rows: readonly Row[], appointments: readonly Stored<Appointment>[], patients: ReadonlyMap<string, Patient>, slots: readonly Slot[],
  shown: (instant: string | undefined) => string, noName: string,
): Piece[] {
  return rows.flatMap((row) => [
    ...openTime(slots.filter((slot) => row.schedules.includes(scheduleIdOf(slot)) && slot.status === "free")).map(({ start, end }) => ({
      id: `open-${start}`, row: row.ref, start: shown(start), end: shown(end), title: "", kind: "open" as const, look: "open",
    })),
    ...appointments
      .filter((one) => one.start !== undefined && one.end !== undefined && comers(one).includes(row.ref))
      .map((one) => ({
        id: one.id, row: row.ref, start: shown(one.start), end: shown(one.end), kind: "taken" as const, look: one.status,
        title: patientName(one, patients) || noName,
      })),
  ]);
}

/** Slots that follow one another as one stretch. */
export function openTime(slots: readonly Slot[]): { start: string; end: string }[] {
  const found: { start: string; end: string }[] = [];
  for (const slot of [...slots].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    const last = found.at(-1);
    if (last !== undefined && Date.parse(slot.start) <= Date.parse(last.end)) {
      if (Date.parse(slot.end) > Date.parse(last.end)) last.end = slot.end;
    } else found.push({ start: slot.start, end: slot.end });
  }
  return found;
}

/** From which hour to which the grid goes: what is in it, and the office hours at least. */
export function hoursOf(pieces: readonly Piece[], days: readonly string[]): { from: string; to: string } {
  let [from, to] = [8, 17];
  for (const piece of pieces) {
    if (!days.includes(piece.start.slice(0, 10))) continue;
    from = Math.min(from, Number(piece.start.slice(11, 13)));
    const isPastMidnight = piece.end.slice(0, 10) > piece.start.slice(0, 10);
    to = isPastMidnight ? 24 : Math.max(to, Number(piece.end.slice(11, 13)) + (piece.end.slice(14, 16) === "00" ? 0 : 1));
  }
  return { from: `${String(from).padStart(2, "0")}:00:00`, to: to >= 24 ? "23:59:59" : `${String(to).padStart(2, "0")}:00:00` };
}
