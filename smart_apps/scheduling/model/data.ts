import type { Appointment, Bundle, Communication, Slot, Task } from "fhir/r4";
import { useMemo } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useAsk, useSearch } from "../../shared/fhir/queries.ts";
import { addDays, instantOf, written } from "../../shared/format/zone.ts";
import { patientsIn, SHOWN } from "./appointments.ts";
import { everything } from "./asking.ts";
import { rowsOf, servicesOf, type Row } from "./rows.ts";

const PAGE = 200;
/** Ids in one request: an address must not become too long. */
const AT_ONCE = 60;

/** Everybody and everything with a calendar. */
export function useRows() {
  return useAsk(["Schedule"], ["rows"], async (fhir) => {
    const bundle = await everything(fhir, "Schedule", { _include: "Schedule:actor", _count: PAGE });
    return { rows: rowsOf(bundle), services: servicesOf(bundle), isWhole: bundle.isWhole };
  });
}

/** What rows are called, by reference. */
export function useLabels(rows: readonly Row[] | undefined): Map<string, string> {
  return useMemo(() => new Map((rows ?? []).map((row) => [row.ref, row.label])), [rows]);
}

export interface Found {
  appointments: Stored<Appointment>[];
  patients: ReturnType<typeof patientsIn>;
  isWhole: boolean;
}

/** The appointments of some on days from `first` to before `until`, with their patients. */
export function useAppointments(refs: readonly string[] | undefined, first: string, until: string, zone: string, alsoCancelled: boolean) {
  return useAsk<Found>(["Appointment"], refs && ["appointments", refs, first, until, zone, alsoCancelled], async (fhir) => {
    const found = await Promise.all(chunks(refs ?? []).map((some) => everything(fhir, "Appointment", {
      actor: some.join(","),
      date: [`ge${written(instantOf(first, zone))}`, `lt${written(instantOf(until, zone))}`],
      status: (alsoCancelled ? [...SHOWN, "cancelled"] : SHOWN).join(","),
      _include: "Appointment:patient",
      _sort: "date",
      _count: PAGE,
    })));
    const bundle: Bundle = { resourceType: "Bundle", type: "searchset", entry: found.flatMap((one) => one.entry ?? []) };
    const appointments = new Map(resourcesOf<Stored<Appointment>>(bundle, "Appointment").map((one) => [one.id, one]));
    return { appointments: [...appointments.values()], patients: patientsIn(bundle), isWhole: found.every((one) => one.isWhole) };
  });
}

/** The slots of some schedules on days from `first` to before `until`. */
export function useSlots(schedules: readonly string[] | undefined, first: string, until: string, zone: string) {
  return useAsk<Slot[]>(["Slot"], schedules && ["slots", schedules, first, until, zone], async (fhir) => {
    const found = await Promise.all(chunks(schedules ?? []).map((some) => everything(fhir, "Slot", {
      schedule: some.map((id) => `Schedule/${id}`).join(","),
      // A slot of a night shift may begin the day before.
      start: [`ge${written(instantOf(addDays(first, -1), zone))}`, `lt${written(instantOf(until, zone))}`],
      _count: 500,
    })));
    return found.flatMap((bundle) => resourcesOf<Slot>(bundle, "Slot"));
  });
}

const CATEGORIES = "https://fhirserver.example/CodeSystem/communication-category";

/** What was sent to patients about their appointments. */
export function useReminders(patients: readonly string[] | undefined) {
  return useAsk<Communication[]>(["Communication"], patients && ["reminders", patients], async (fhir) => {
    const found = await Promise.all(chunks(patients ?? []).map((some) => everything(fhir, "Communication", {
      patient: some.join(","),
      category: ["appointment-reminder", "waiting-list-offer"].map((code) => `${CATEGORIES}|${code}`).join(","),
      _sort: "-_lastUpdated",
      _count: PAGE,
    })));
    return found.flatMap((bundle) => resourcesOf<Communication>(bundle, "Communication"));
  });
}

/** Tasks of the reception about appointments: whom no reminder reaches, to whom a time is offered. */
export function useTasks(isWanted: boolean) {
  return useSearch<Task>("Task", isWanted ? { code: "unreachable-for-reminder,waiting-list-offer", status: "requested,received,accepted,in-progress", _count: 100 } : undefined);
}

function chunks(all: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, n) => all.slice(n * AT_ONCE, (n + 1) * AT_ONCE));
}
