import type { Parameters } from "../fhir/client.ts";

/** So many patients are shown of those that fit, in a list below a field. */
export const MOST = 8;

/** What a person types or scans to find a patient: a birth date, a record number, or parts of the name. */
export function searchOf(typed: string, most = MOST): Parameters {
  const common = { _count: most, _sort: "family,given,_id" };
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(typed);
  if (iso !== null) return { birthdate: typed, ...common };
  const local = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/.exec(typed);
  if (local !== null) return { birthdate: `${local[3] ?? ""}-${(local[2] ?? "").padStart(2, "0")}-${(local[1] ?? "").padStart(2, "0")}`, ...common };
  const parts = typed.split(/[\s,]+/).filter((part) => part !== "");
  // A name and a birth date together: OKAFOR 1945-07-14.
  const date = parts.find((part) => /^\d{4}-\d{2}-\d{2}$/.test(part));
  const names = parts.filter((part) => part !== date);
  if (date !== undefined) return { name: names, birthdate: date, ...common };
  if (/\d/.test(typed)) return { identifier: typed, ...common };
  return { name: names, ...common };
}
