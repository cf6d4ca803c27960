import type { Dosage, MedicationAdministration, MedicationRequest, Timing } from "fhir/r4";

const HOUR_MS = 3_600_000;
const UNIT_MS: Record<string, number> = { s: 1_000, min: 60_000, h: HOUR_MS, d: 24 * HOUR_MS, wk: 168 * HOUR_MS };
const MOST = 200;

/** How far from its time a dose still counts as the one that was due. */
export const TOLERANCE_MS = HOUR_MS;

export type Standing = "given" | "omitted" | "overdue" | "due" | "later";

/** One dose of a prescription at a time; `administration` is what became of it. */
export interface Dose {
  request: MedicationRequest;
  at: Date;
  standing: Standing;
  administration?: MedicationAdministration;
}

/** Whether a medicine is given when it is needed, not at times. */
export function isAsNeeded(dosage: Dosage | undefined): boolean {
  return dosage?.asNeededBoolean === true || dosage?.asNeededCodeableConcept !== undefined;
}

/**
 * When doses are due in a window, from FHIR's Timing.repeat: periods from the beginning on, or times of day.
 *
 * The first dose is due when the prescription begins. Nothing is returned where the timing says no times: such a
 * prescription is shown without them. https://hl7.org/fhir/R4/datatypes.html#Timing
 */
export function dueTimes(timing: Timing | undefined, begins: Date, from: Date, to: Date): Date[] {
  if (timing === undefined) return [];
  const events = (timing.event ?? []).map((event) => new Date(event));
  if (events.length > 0) return events.filter((at) => at >= from && at <= to);
  const repeat = timing.repeat;
  if (repeat === undefined) return [];
  const start = repeat.boundsPeriod?.start === undefined ? begins : new Date(repeat.boundsPeriod.start);
  const end = endOf(repeat, start);
  const last = end !== undefined && end < to ? end : to;
  if ((repeat.timeOfDay ?? []).length > 0) return atTimesOfDay(repeat.timeOfDay ?? [], start, from, last);
  const unit = UNIT_MS[repeat.periodUnit ?? ""];
  if (unit === undefined || repeat.period === undefined || repeat.period <= 0) return [];
  const step = (repeat.period * unit) / Math.max(1, repeat.frequency ?? 1);
  const found: Date[] = [];
  let n = Math.max(0, Math.ceil((from.getTime() - start.getTime()) / step));
  for (; found.length < MOST; n += 1) {
    const at = new Date(start.getTime() + n * step);
    if (at > last || (repeat.count !== undefined && n >= repeat.count)) break;
    found.push(at);
  }
  return found;
}

/** The doses of prescriptions in a window, with what was given or left out; in the order of their times. */
export function doses(
  requests: readonly MedicationRequest[], given: readonly MedicationAdministration[], from: Date, to: Date, now: Date,
): Dose[] {
  return requests
    .flatMap((request) => {
      const dosage = request.dosageInstruction?.[0];
      if (isAsNeeded(dosage)) return [];
      const begins = new Date(request.authoredOn ?? now);
      const own = given.filter((one) => one.request?.reference?.endsWith(`MedicationRequest/${request.id ?? ""}`) === true && one.status !== "entered-in-error");
      const left = [...own];
      return dueTimes(dosage?.timing, begins, from, to).map((at) => {
        const index = nearest(left, at);
        const administration = index === undefined ? undefined : left.splice(index, 1)[0];
        return { request, at, administration, standing: standingOf(at, administration, now) };
      });
    })
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** When a medicine was given or left out. */
export function momentOf(administration: MedicationAdministration): string | undefined {
  return administration.effectiveDateTime ?? administration.effectivePeriod?.start;
}

function standingOf(at: Date, administration: MedicationAdministration | undefined, now: Date): Standing {
  if (administration !== undefined) return administration.status === "not-done" ? "omitted" : "given";
  const late = now.getTime() - at.getTime();
  if (late > TOLERANCE_MS) return "overdue";
  return late >= -TOLERANCE_MS ? "due" : "later";
}

function nearest(given: readonly MedicationAdministration[], at: Date): number | undefined {
  let best: number | undefined;
  let distance = TOLERANCE_MS * 2;
  given.forEach((one, index) => {
    const away = Math.abs(Date.parse(momentOf(one) ?? "") - at.getTime());
    if (away < distance) [best, distance] = [index, away];
  });
  return best;
}

function endOf(repeat: NonNullable<Timing["repeat"]>, start: Date): Date | undefined {
  if (repeat.boundsPeriod?.end !== undefined) return new Date(repeat.boundsPeriod.end);
  const duration = repeat.boundsDuration;
  const unit = UNIT_MS[duration?.code ?? ""];
  return duration?.value === undefined || unit === undefined ? undefined : new Date(start.getTime() + duration.value * unit);
}

function atTimesOfDay(times: readonly string[], start: Date, from: Date, to: Date): Date[] {
  const found: Date[] = [];
  const day = new Date(from.getFullYear(), from.getMonth(), from.getDate());
  for (; day <= to && found.length < MOST; day.setDate(day.getDate() + 1)) {
    for (const time of [...times].sort()) {
      const [hours, minutes] = time.split(":").map(Number);
      const at = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hours ?? 0, minutes ?? 0);
      if (at >= start && at >= from && at <= to) found.push(at);
    }
  }
  return found;
}
