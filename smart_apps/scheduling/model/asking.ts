import type { Appointment, Bundle, CodeableConcept, FhirResource, Parameters, ParametersParameter } from "fhir/r4";

import { linkOf } from "../../shared/fhir/bundle.ts";
import { queryOf, type Fhir, type Parameters as Query, type Stored } from "../../shared/fhir/client.ts";
import { written } from "../../shared/format/zone.ts";

const MOST_PAGES = 8;

/** All pages of a search in one bundle; `isWhole` is false when there are too many of them. */
export async function everything(fhir: Fhir, type: string, query: Query): Promise<Bundle & { isWhole: boolean }> {
  let page: Bundle = await fhir.search(type, query);
  const entry = [...(page.entry ?? [])];
  let next = linkOf(page, "next");
  for (let n = 1; n < MOST_PAGES && next !== undefined; n++) {
    page = await fhir.page<FhirResource>(next);
    entry.push(...(page.entry ?? []));
    next = linkOf(page, "next");
  }
  return { ...page, entry, isWhole: next === undefined };
}

export interface Wanted {
  /** Schedules of which one has to have time. */
  schedules: readonly string[];
  /** Who and what must be free as well: Location/1. */
  together: readonly string[];
  from: Date;
  to: Date;
  /** Minutes; one slot when it isn't said. */
  length?: number;
  count: number;
}

/** Times that could be had, the earliest first. */
export async function find(fhir: Fhir, wanted: Wanted): Promise<Appointment[]> {
  const query = queryOf({
    schedule: wanted.schedules.map((id) => `Schedule/${id}`),
    together: wanted.together,
    start: written(wanted.from),
    end: written(wanted.to),
    length: wanted.length,
    _count: wanted.count,
  });
  return appointmentsOf(await fhir.operation<Bundle<Appointment>>(`Appointment/$find?${query}`));
}

/** Keep a time until it is booked. `waiting` is the appointment of the waiting list that it is for. */
export async function hold(fhir: Fhir, proposal: Appointment, waiting?: Stored<Appointment>): Promise<Stored<Appointment>> {
  const given: ParametersParameter[] = waiting === undefined
    ? [{ name: "appointment-resource", resource: proposal }]
    : [
        { name: "appointment-reference", valueReference: { reference: `Appointment/${waiting.id}` } },
        ...(proposal.slot ?? []).map((slot) => ({ name: "slot", valueReference: slot })),
      ];
  return first(await fhir.operation<Bundle<Appointment>>("Appointment/$hold", parameters(given)));
}

/** Book what is held, with what was entered meanwhile; with a rule, a series. */
export async function book(fhir: Fhir, held: Stored<Appointment>, entered: Partial<Appointment>, rule?: string): Promise<Stored<Appointment>[]> {
  const kept = Object.fromEntries(Object.entries(held).filter(([name]) => name !== "extension" && name !== "text"));
  const resource = { ...kept, ...entered, resourceType: "Appointment" } as Appointment;
  const given: ParametersParameter[] = [
    { name: "appointment-reference", valueReference: { reference: `Appointment/${held.id}` } },
    { name: "appointment-resource", resource },
    ...(rule === undefined ? [] : [{ name: "recurrence", valueString: rule }]),
  ];
  return appointmentsOf(await fhir.operation<Bundle<Appointment>>("Appointment/$book", parameters(given)));
}

export type Scope = "this" | "following" | "all";

/** Call off, or give back what is held. */
export async function cancel(
  fhir: Fhir, appointment: Stored<Appointment>, how: { reason?: CodeableConcept; scope?: Scope; keepWaiting?: boolean } = {},
): Promise<Stored<Appointment>[]> {
  const given: ParametersParameter[] = [
    ...(how.reason === undefined ? [] : [{ name: "reason", valueCodeableConcept: how.reason }]),
    ...(how.scope === undefined ? [] : [{ name: "scope", valueCode: how.scope }]),
    ...(how.keepWaiting === undefined ? [] : [{ name: "keep-waiting", valueBoolean: how.keepWaiting }]),
  ];
  const path = `Appointment/${appointment.id}/$cancel`;
  return appointmentsOf(await fhir.operation<Bundle<Appointment>>(path, parameters(given), appointment.meta?.versionId));
}

/** Another time: both change, or neither. Raises FhirError with 412 when somebody has changed it, 409 when the time is gone. */
export async function reschedule(fhir: Fhir, appointment: Stored<Appointment>, slots: readonly string[]): Promise<Stored<Appointment>> {
  const given = slots.map((reference) => ({ name: "slot", valueReference: { reference } }));
  const path = `Appointment/${appointment.id}/$reschedule`;
  return first(await fhir.operation<Bundle<Appointment>>(path, parameters(given), appointment.meta?.versionId));
}

/** A rule of RFC 5545 for a series: `repeat("week", 2, 6)` is every other week, six times. */
export function repeat(every: "day" | "workday" | "week" | "month", interval: number, times: number): string {
  const frequency = { day: "DAILY", workday: "DAILY", week: "WEEKLY", month: "MONTHLY" }[every];
  const days = every === "workday" ? ";BYDAY=MO,TU,WE,TH,FR" : "";
  return `FREQ=${frequency};INTERVAL=${interval}${days};COUNT=${times}`;
}

function parameters(parameter: ParametersParameter[]): Parameters {
  return { resourceType: "Parameters", ...(parameter.length > 0 ? { parameter } : {}) };
}

function appointmentsOf(bundle: Bundle<Appointment>): Stored<Appointment>[] {
  return (bundle.entry ?? []).map((entry) => entry.resource).filter((one): one is Stored<Appointment> => one?.resourceType === "Appointment");
}

function first(bundle: Bundle<Appointment>): Stored<Appointment> {
  const [found] = appointmentsOf(bundle);
  if (found === undefined) throw new Error("the server has answered without an appointment");
  return found;
}
