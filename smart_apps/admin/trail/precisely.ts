import { day } from "../../shared/format/dates.ts";

/** To the second, as the order of events matters here: 30-Nov-2026 14:05:09. */
export function precisely(instant: string): string {
  const when = new Date(instant);
  return `${day(when)} ${[when.getHours(), when.getMinutes(), when.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":")}`;
}
