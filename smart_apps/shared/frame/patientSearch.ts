import type { Parameters } from "../fhir/client.ts";

/** So many patients are shown of those that fit. */
export const MOST = 8;

/** What a person types to find a patient: a birth date, a record number, or parts of the name. */
export function searchOf(typed: string): Parameters {
  const common = { _count: MOST, _sort: "family,given,_id" };
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(typed);
  if (iso !== null) return { birthdate: typed, ...common };
  const local = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/.exec(typed);
  if (local !== null) return { birthdate: `${local[3] ?? ""}-${(local[2] ?? "").padStart(2, "0")}-${(local[1] ?? "").padStart(2, "0")}`, ...common };
  if (/\d/.test(typed)) return { identifier: typed, ...common };
  return { name: typed.split(/[\s,]+/).filter((part) => part !== ""), ...common };
}
