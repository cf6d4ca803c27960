import type { Appointment, Bundle, Patient, Slot } from "fhir/r4";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Fhir, Stored } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { minutesBetween, written } from "../../shared/format/zone.ts";
import { KEEPING, patientsIn, slotIds } from "../model/appointments.ts";
import { everything, find } from "../model/asking.ts";
import { partiesOf, planned, type Plan } from "../model/moving.ts";
import type { Row } from "../model/rows.ts";

const DAY_MS = 86_400_000;
/** So far ahead is looked for another time. */
const AHEAD_MS = 28 * DAY_MS;

export interface Planned {
  plan: Plan;
  /** The next three times that could be had instead. */
  next: Appointment[];
  patients: Map<string, Patient>;
}

interface Wish {
  appointment: Stored<Appointment>;
  rows: readonly Row[];
  from: Row | undefined;
  to: Row | undefined;
  start: Date | undefined;
  end: Date | undefined;
}

/** Whether an appointment can be had at a time, by what is free now; what is in the way, and what is free instead. */
export function usePlan(wish: Wish | undefined) {
  const name = wish?.start !== undefined && wish.end !== undefined && wish.to !== undefined
    ? ["plan", wish.appointment.id, wish.appointment.meta?.versionId, wish.to.ref, wish.start.getTime(), wish.end.getTime()]
    : undefined;
  return useAsk<Planned>(["Appointment", "Slot"], name, (fhir) => {
    if (wish?.start === undefined || wish.end === undefined) throw new Error("no time");
    return plan(fhir, wish, wish.start, wish.end);
  });
}

async function plan(fhir: Fhir, { appointment, rows, from, to }: Wish, start: Date, end: Date): Promise<Planned> {
  const had = slotIds(appointment);
  const old = had.length === 0 ? undefined : await fhir.search<Slot>("Slot", { _id: had.join(","), _count: had.length });
  const parties = partiesOf(appointment, resourcesOf<Slot>(old, "Slot"), rows, from, to);
  const near = [written(new Date(start.getTime() - DAY_MS)), written(new Date(end.getTime() + DAY_MS))] as const;
  const [slots, around] = await Promise.all([
    everything(fhir, "Slot", {
      schedule: parties.flatMap((party) => party.schedules).map((id) => `Schedule/${id}`).join(","),
      start: [`ge${near[0]}`, `lt${near[1]}`],
      _count: 500,
    }),
    everything(fhir, "Appointment", {
      actor: parties.map((party) => party.row.ref).join(","),
      date: [`ge${near[0]}`, `lt${near[1]}`],
      status: KEEPING.join(","),
      _include: "Appointment:patient",
      _count: 200,
    }),
  ]);
  const bundle: Bundle = around;
  const now = new Date();
  const found = planned(appointment, parties, resourcesOf<Slot>(slots, "Slot"), resourcesOf<Appointment>(bundle, "Appointment"), start, end, now);
  const main = parties.find((party) => party.row.ref === to?.ref) ?? parties[0];
  const next = found.fits || main === undefined ? [] : await find(fhir, {
    schedules: main.schedules,
    together: parties.filter((party) => party !== main).map((party) => party.row.ref),
    from: start > now ? start : now,
    to: new Date(Math.max(start.getTime(), now.getTime()) + AHEAD_MS),
    length: minutesBetween(start, end),
    count: 3,
  });
  return { plan: found, next, patients: patientsIn(bundle) };
}
