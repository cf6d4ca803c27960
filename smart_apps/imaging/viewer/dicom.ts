/**
 * Values of the DICOM JSON model, by tag.
 * https://dicom.nema.org/medical/dicom/current/output/html/part18.html#chapter_F
 */
export type Attributes = Record<string, Value | undefined>;

export interface Value {
  vr: string;
  Value?: unknown[];
  BulkDataURI?: string;
  InlineBinary?: string;
}

interface Name {
  Alphabetic?: string;
  Ideographic?: string;
  Phonetic?: string;
}

/** A text, or a number as text; undefined where there is none. */
export function text(of: Attributes, tag: string, index = 0): string | undefined {
  const value = of[tag]?.Value?.[index];
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  return typeof value === "number" ? String(value) : undefined;
}

export function number(of: Attributes, tag: string, index = 0): number | undefined {
  const value = of[tag]?.Value?.[index];
  const read = typeof value === "string" ? Number.parseFloat(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}

/** All numbers of a value, or nothing when there are fewer than `least`. */
export function numbers(of: Attributes, tag: string, least = 1): number[] | undefined {
  const all = (of[tag]?.Value ?? []).map((_, n) => number(of, tag, n));
  return all.length >= least && all.every((one) => one !== undefined) ? all : undefined;
}

/** The items of a sequence. */
export function items(of: Attributes, tag: string): Attributes[] {
  return (of[tag]?.Value ?? []).filter((one): one is Attributes => typeof one === "object" && one !== null);
}

/** A person's name as it is written on wristbands: OKAFOR, Ngozi. PS3.5 6.2.1 */
export function person(of: Attributes, tag: string): string | undefined {
  const value = of[tag]?.Value?.[0] as Name | string | undefined;
  const written = typeof value === "string" ? value : (value?.Alphabetic ?? value?.Ideographic ?? value?.Phonetic);
  return written === undefined ? undefined : nameOf(written);
}

export function nameOf(written: string): string | undefined {
  const [family = "", given = "", middle = ""] = written.split("=")[0]?.split("^").map((part) => part.trim()) ?? [];
  const said = [family.toLocaleUpperCase(), [given, middle].filter((part) => part !== "").join(" ")].filter((part) => part !== "").join(", ");
  return said === "" ? undefined : said;
}

/** A date (DA) and time (TM) as FHIR writes them: 20260714 and 083000 are 2026-07-14T08:30:00. */
export function dateTime(date: string | undefined, time?: string): string | undefined {
  const [, y, m, d] = /^(\d{4})\.?(\d{2})\.?(\d{2})/.exec(date ?? "") ?? [];
  if (y === undefined || m === undefined || d === undefined) return undefined;
  const [, h, min, s] = /^(\d{2}):?(\d{2})?:?(\d{2})?/.exec(time ?? "") ?? [];
  return h === undefined ? `${y}-${m}-${d}` : `${y}-${m}-${d}T${h}:${min ?? "00"}:${s ?? "00"}`;
}

/** The meaning of the first code of a sequence. */
export function meaning(of: Attributes, tag: string): string | undefined {
  const code = items(of, tag)[0];
  return code === undefined ? undefined : (text(code, "00080104") ?? text(code, "00080100"));
}
