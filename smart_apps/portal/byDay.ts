import type { Observation } from "fhir/r4";

/** Results by the day on which they were taken, in the order in which they come. */
export function byDay(observations: readonly Observation[]): { date: string; of: Observation[] }[] {
  const days = new Map<string, Observation[]>();
  for (const one of observations) {
    const date = (one.effectiveDateTime ?? one.effectivePeriod?.start ?? one.effectiveInstant ?? one.issued ?? "").slice(0, 10);
    days.set(date, [...(days.get(date) ?? []), one]);
  }
  return [...days].map(([date, of]) => ({ date, of }));
}
