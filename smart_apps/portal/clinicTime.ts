import { day } from "../shared/format/dates.ts";
import type { Config } from "../shared/smart/config.ts";

/** Who comes in person must read the time of the clinic, whatever zone the device is in. */
export function zoneOf(config: Config): string | undefined {
  return config.timeZone;
}

/** "30-Nov-2026 08:00" as the clock on the wall of a zone shows it; empty for what is no instant. */
export function timeAt(instant: string | undefined, zone: string | undefined): string {
  const when = new Date(instant ?? "");
  if (Number.isNaN(when.getTime())) return "";
  // Swedish is written as ISO 8601 is.
  const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).format(when);
  return `${day(shown.slice(0, 10))} ${shown.slice(11)}`;
}
