import { language } from "../i18n/i18n.ts";

const DAY_MS = 86_400_000;
const SHORT: Intl.DateTimeFormatOptions = { month: "short" };

/** A FHIR date or dateTime as it was recorded, by its precision: 14-Jul-1945, Jul-1945, 1945. */
export function day(value: string | Date | undefined): string {
  if (value === undefined || value === "") return "";
  if (typeof value === "string") {
    const [, year, month, date] = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?/.exec(value) ?? [];
    if (year === undefined) return value;
    if (month === undefined) return year;
    if (date === undefined) return `${monthName(Number(year), Number(month) - 1)}-${year}`;
    // A date has no time zone: it must not move by a day.
    if (!value.includes("T")) return `${date}-${monthName(Number(year), Number(month) - 1)}-${year}`;
  }
  const when = typeof value === "string" ? new Date(value) : value;
  return `${String(when.getDate()).padStart(2, "0")}-${monthName(when.getFullYear(), when.getMonth())}-${when.getFullYear()}`;
}

/** 24 hours: 14:05. */
export function time(value: string | Date | undefined): string {
  if (value === undefined || (typeof value === "string" && !value.includes("T"))) return "";
  const when = typeof value === "string" ? new Date(value) : value;
  return `${String(when.getHours()).padStart(2, "0")}:${String(when.getMinutes()).padStart(2, "0")}`;
}

/** 14-Jul-2026 14:05, or the day alone where no time was recorded. */
export function moment(value: string | Date | undefined): string {
  return [day(value), time(value)].filter((part) => part !== "").join(" ");
}

/** How long ago, or in how long: "4 hr. ago". Shown beside the moment, never in its place. */
export function ago(value: string | Date | undefined, now = Date.now()): string {
  if (value === undefined || value === "") return "";
  const when = typeof value === "string" ? Date.parse(value) : value.getTime();
  if (Number.isNaN(when)) return "";
  const seconds = Math.round((when - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language(), { numeric: "auto", style: "short" });
  const size = Math.abs(seconds);
  if (size < 60) return format.format(0, "minute");
  if (size < 3600) return format.format(Math.trunc(seconds / 60), "minute");
  if (size < 48 * 3600) return format.format(Math.trunc(seconds / 3600), "hour");
  if (size < 60 * 86_400) return format.format(Math.trunc(seconds / 86_400), "day");
  if (size < 730 * 86_400) return format.format(Math.trunc(seconds / (30.44 * 86_400)), "month");
  return format.format(Math.trunc(seconds / (365.25 * 86_400)), "year");
}

/** Age at a moment: years; below two years months, below two months weeks, below four weeks days. */
export function age(birthDate: string | undefined, at: string | Date = new Date()): { n: number; unit: "y" | "m" | "w" | "d" } | undefined {
  const [, y, m, d] = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/.exec(birthDate ?? "") ?? [];
  const when = typeof at === "string" ? new Date(at) : at;
  if (y === undefined || Number.isNaN(when.getTime())) return undefined;
  const born = new Date(Number(y), Number(m ?? 1) - 1, Number(d ?? 1));
  const isBefore = when.getMonth() < born.getMonth() || (when.getMonth() === born.getMonth() && when.getDate() < born.getDate());
  const years = when.getFullYear() - born.getFullYear() - (isBefore ? 1 : 0);
  if (years >= 2 || m === undefined || d === undefined) return { n: years, unit: "y" };
  const months = (when.getFullYear() - born.getFullYear()) * 12 + when.getMonth() - born.getMonth() - (when.getDate() < born.getDate() ? 1 : 0);
  if (months >= 2) return { n: months, unit: "m" };
  const days = Math.floor((Date.UTC(when.getFullYear(), when.getMonth(), when.getDate()) - Date.UTC(born.getFullYear(), born.getMonth(), born.getDate())) / DAY_MS);
  return days >= 28 ? { n: Math.floor(days / 7), unit: "w" } : { n: days, unit: "d" };
}

/** The local day as FHIR writes it: 2026-11-30. */
export function isoDay(when = new Date()): string {
  return `${when.getFullYear()}-${String(when.getMonth() + 1).padStart(2, "0")}-${String(when.getDate()).padStart(2, "0")}`;
}

/** Now, with the offset of this place, as FHIR's dateTime wants it. */
export function isoNow(when = new Date()): string {
  const offset = -when.getTimezoneOffset();
  const sign = offset < 0 ? "-" : "+";
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const local = new Date(when.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${local}${sign}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}

function monthName(year: number, month: number): string {
  return new Intl.DateTimeFormat(language(), SHORT).format(new Date(year, month, 15)).replace(/\.$/, "");
}
