import type { Parameters } from "../fhir/client.ts";
import { typedDate } from "../format/typedDate.ts";

/** So many patients are shown of those that fit, in a list below a field. */
export const MOST = 8;

/** Okafor, O'Neill, and names that end in a few digits: Aaron697. A record number has more of them, or fewer letters. */
const NAME = /^\p{L}[\p{L}\p{M}'’.-]+\d{0,3}$|^[\p{L}\p{M}'’.-]+$/u;
/** Beside a name a part of it: Twin 2, Henry 3rd. */
const ORDINAL = /^\d{1,2}(?:st|nd|rd|th|\.)?$/i;
/** 602-555-0142, as North America groups them. */
const AMERICAN = /^\(?\d{3}\)?[\s./-]+\d{3}[\s.-]\d{4}$/;
/** +49 30 1234567, (030) 1234567, 030/1234567: behind a plus, in brackets, or after a zero. Record numbers in groups have none of these. */
const PHONE = /^(?:\+[\d\s()./-]{6,}|\(\d{2,5}\)[\s./-]*\d{3}[\d\s./-]*|0\d{1,4}[\s./-]+\d{3}[\d\s./-]*)$/;

/** What a person types or scans to find a patient: a birth date, a record number, a telephone number, or parts of the name; also together. */
export function searchOf(typed: string, most = MOST): Parameters {
  const common = { _count: most, _sort: "family,given,_id" };
  const { dates, rest } = typedDate(typed);
  const birthdate = dates.length === 0 ? {} : { birthdate: dates.join(",") };
  // Records may have it with the country's code.
  if (AMERICAN.test(rest)) return { phone: `${rest},+1 ${rest}`, ...birthdate, ...common };
  if (PHONE.test(rest)) return { phone: rest, ...birthdate, ...common };
  const parts = rest.split(/[\s,;]+/).filter((part) => part !== "");
  const hasName = parts.some((part) => NAME.test(part));
  const isName = (part: string) => NAME.test(part) || (hasName && ORDINAL.test(part));
  const names = parts.filter(isName);
  const numbers = parts.filter((part) => !isName(part));
  return {
    ...(names.length === 0 ? {} : { name: names }),
    // Record numbers that are printed in groups are one number.
    ...(numbers.length === 0 ? {} : { identifier: numbers.join(" ") }),
    ...birthdate,
    ...common,
  };
}
