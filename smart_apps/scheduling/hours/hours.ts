import type { Parameters, PractitionerRole, PractitionerRoleAvailableTime, PractitionerRoleNotAvailable, Schedule, Slot } from "fhir/r4";

import { addDays, minutesBetween } from "../../shared/format/zone.ts";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

/** Hours as they are edited; lossless for FHIR's availableTime. */
export interface Hours {
  days: Day[];
  allDay: boolean;
  from: string;
  to: string;
}

export interface Leave {
  what: string;
  first: string;
  last: string;
  /** As it is stored, when it isn't in whole days: it is kept as it is. */
  stored?: PractitionerRoleNotAvailable;
}

export function hoursOf(role: PractitionerRole): Hours[] {
  return (role.availableTime ?? []).map((time) => ({
    days: DAYS.filter((day) => time.daysOfWeek?.includes(day) ?? true),
    allDay: time.allDay === true,
    from: time.availableStartTime?.slice(0, 5) ?? "",
    to: time.availableEndTime?.slice(0, 5) ?? "",
  }));
}

export function availableTime(hours: readonly Hours[]): PractitionerRoleAvailableTime[] {
  return hours.map(({ days, allDay, from, to }) => ({
    daysOfWeek: DAYS.filter((day) => days.includes(day)),
    ...(allDay ? { allDay: true } : { availableStartTime: `${from}:00`, availableEndTime: `${to}:00` }),
  }));
}

export function leaveOf(role: PractitionerRole): Leave[] {
  return (role.notAvailable ?? []).map((one) => ({
    what: one.description,
    first: one.during?.start?.slice(0, 10) ?? "",
    last: one.during?.end?.slice(0, 10) ?? "",
    stored: one,
  }));
}

export function notAvailable(leave: readonly Leave[]): PractitionerRoleNotAvailable[] {
  return leave.map((one) => one.stored ?? { description: one.what, during: { start: one.first, end: one.last } });
}

/** The role with other hours and leave; what is empty isn't there at all. */
export function changed<T extends PractitionerRole>(role: T, hours: readonly Hours[], leave: readonly Leave[]): T {
  const left = Object.fromEntries(Object.entries(role).filter(([name]) => name !== "availableTime" && name !== "notAvailable")) as T;
  return {
    ...left,
    ...(hours.length === 0 ? {} : { availableTime: availableTime(hours) }),
    ...(leave.length === 0 ? {} : { notAvailable: notAvailable(leave) }),
  };
}

/** What is wrong with hours: a key of the texts. An end before the start is on the next day. */
export function fault(hours: Hours): string | undefined {
  if (hours.days.length === 0) return "hoursNoDay";
  if (!hours.allDay && (hours.from === "" || hours.to === "")) return "hoursNoTime";
  return undefined;
}

/** How long slots are: as those that there are, most of them. */
export function slotMinutes(slots: readonly Slot[]): number {
  const counts = new Map<number, number>();
  for (const slot of slots) {
    const length = minutesBetween(slot.start, slot.end);
    counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 30;
}

/** Until when slots are made: the end of the planning horizon, else eight weeks. */
export function horizon(schedule: Schedule | undefined, today: string): string {
  const end = schedule?.planningHorizon?.end?.slice(0, 10);
  return end !== undefined && end > today ? end : addDays(today, 56);
}

/** What $generate-slots has done. */
export function counts(answer: Parameters): Record<"created" | "kept" | "closed" | "opened" | "taken-outside-hours", number> {
  const of = (name: string) => answer.parameter?.find((one) => one.name === name)?.valueInteger ?? 0;
  return { created: of("created"), kept: of("kept"), closed: of("closed"), opened: of("opened"), "taken-outside-hours": of("taken-outside-hours") };
}
