import { day } from "./dates.ts";

/**
 * Times as the clock on the wall of the clinic shows them, whatever zone the device is in: who comes
 * in person must read the time of the place. Written as 2026-11-30 09:00:00.
 */

const WRITERS = new Map<string, Intl.DateTimeFormat>();
const DAY_MS = 86_400_000;

function writer(zone: string): Intl.DateTimeFormat {
  let found = WRITERS.get(zone);
  if (found === undefined) {
    // Swedish is written as ISO 8601 is.
    found = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
    WRITERS.set(zone, found);
  }
  return found;
}

/** The zone of this device. */
export function deviceZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What the clock on the wall shows at an instant; empty for what is no instant. */
export function wall(instant: string | Date | undefined, zone: string): string {
  const when = instant instanceof Date ? instant : new Date(instant ?? "");
  return Number.isNaN(when.getTime()) ? "" : writer(zone).format(when);
}

/** The instant at which the clock on the wall shows this; of a time that is there twice, the first. */
export function instantOf(shown: string, zone: string): Date {
  const asUtc = Date.parse(`${shown.slice(0, 10)}T${(shown.slice(11) || "00:00:00").padEnd(8, ":00")}Z`);
  const at = (offset: number) => new Date(asUtc - offset);
  const offsetAt = (when: Date) => Date.parse(`${wall(when, zone).replace(" ", "T")}Z`) - when.getTime();
  const before = offsetAt(new Date(asUtc - DAY_MS));
  const after = offsetAt(new Date(asUtc + DAY_MS));
  for (const offset of [before, after]) if (offsetAt(at(offset)) === offset) return at(offset);
  return at(before); // A time that the clocks skip in spring: as if they weren't put forward.
}

/** An instant as FHIR and URLs take it, to the second. */
export function written(when: Date): string {
  return when.toISOString().replace(/\.\d+Z$/, "Z");
}

/** 2026-11-30 of what the clock shows. */
export function dayOf(shown: string): string {
  return shown.slice(0, 10);
}

/** 09:00 of what the clock shows. */
export function timeOf(shown: string): string {
  return shown.slice(11, 16);
}

/** 30-Nov-2026 09:00 of what the clock shows; empty for no time. */
export function momentOf(shown: string): string {
  return shown === "" ? "" : `${day(dayOf(shown))} ${timeOf(shown)}`;
}

export function addDays(date: string, n: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + n * DAY_MS).toISOString().slice(0, 10);
}

/** 1 is Monday, 7 is Sunday. */
export function weekdayOf(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
}

/** The Monday of a day's week. */
export function mondayOf(date: string): string {
  return addDays(date, 1 - weekdayOf(date));
}

export function weekdayName(date: string, language: string, style: "short" | "long" = "short"): string {
  return new Intl.DateTimeFormat(language, { weekday: style, timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
}

export function minutesBetween(from: string | Date, to: string | Date): number {
  return Math.round((new Date(to).getTime() - new Date(from).getTime()) / 60_000);
}
