import { isoDay } from "../../shared/format/dates.ts";
import { filled, type Fields } from "./fields.ts";

const OLDEST_YEAR = 1870;

/** What must be mended before it can be saved: keys of texts by field; those of a line by its key. */
export type Errors = Readonly<Record<string, string | undefined>>;

export function errorsOf(fields: Fields, today = isoDay()): Errors {
  const errors: Record<string, string> = {};
  if (!fields.names.some((row) => [row.family, row.given, row.text].some((one) => filled(one) !== undefined))) errors.names = "required";
  if (fields.gender === "") errors.gender = "required";
  const birth = birthError(fields.birthDate, today);
  if (birth !== undefined) errors.birthDate = birth;
  for (const row of fields.telecoms) {
    const value = filled(row.value);
    if (value === undefined) continue;
    if (row.system === "email" && !/^[^\s@]+@[^\s@]+$/.test(value)) errors[row.key] = "emailWrong";
    if (["phone", "sms", "fax"].includes(row.system) && value.replace(/\D/g, "").length < 3) errors[row.key] = "phoneWrong";
  }
  return errors;
}

function birthError(text: string, today: string): string | undefined {
  if (text === "") return undefined;
  const [, year, month] = /^(\d{4})(?:-(\d{2})(?:-\d{2})?)?$/.exec(text) ?? [];
  if (year === undefined || Number(year) < OLDEST_YEAR || (month !== undefined && (Number(month) < 1 || Number(month) > 12))) return "birthWrong";
  return text > today ? "birthFuture" : undefined;
}
