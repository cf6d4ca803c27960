/** Languages in which people write months here. */
const LANGUAGES = ["en", "de"];
const NUMBERS = /(?<![\d./-])(\d{1,4})([-./])\s?(\d{1,2})\2\s?(\d{4}|\d{1,2})(?![\d/-])/;
const NAMED = /(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[-.\s]{1,2}(\p{L}{3,})\.?[-,\s]{1,2}(\d{4})(?!\d)/u;
const NAMED_FIRST = /(?<!\p{L})(\p{L}{3,})\.?\s(\d{1,2})(?:st|nd|rd|th)?,?\s(\d{4})(?!\d)/u;

const months = new Map<string, number>();

/**
 * A birth date in what somebody typed, and what else they typed.
 *
 * `dates` are those that it can mean, as FHIR writes them: 07/04/1945 is in April or in July, 3.5.20 in 1920 or in 2020. None: there is
 * no date in it.
 */
export function typedDate(typed: string, today = new Date()): { dates: string[]; rest: string } {
  for (const [pattern, read] of [[NUMBERS, ofNumbers], [NAMED, ofNamed], [NAMED_FIRST, ofNamedFirst]] as const) {
    const found = pattern.exec(typed);
    if (found === null) continue;
    const dates = [...new Set(read(found, today))];
    if (dates.length > 0) return { dates, rest: `${typed.slice(0, found.index)} ${typed.slice(found.index + found[0].length)}`.replace(/\s+/g, " ").replace(/^[\s,]+|[\s,]+$/g, "") };
  }
  return { dates: [], rest: typed.trim() };
}

function ofNumbers([, first = "", separator = "", second = "", third = ""]: RegExpExecArray, today: Date): string[] {
  if (first.length === 4) return third.length > 2 ? [] : existing([first], second, third);
  if (first.length > 2) return [];
  const years = third.length === 4 ? [third] : third.length === 2 ? centuries(Number(third), today) : [];
  const dayFirst = existing(years, second, first);
  // Only Americans write slashes with the month first; who of them does can't be told.
  return separator === "/" || dayFirst.length === 0 ? [...dayFirst, ...existing(years, first, second)] : dayFirst;
}

function ofNamed([, day = "", month = "", year = ""]: RegExpExecArray): string[] {
  const number = monthOf(month);
  return number === undefined ? [] : existing([year], String(number), day);
}

function ofNamedFirst([, month = "", day = "", year = ""]: RegExpExecArray): string[] {
  const number = monthOf(month);
  return number === undefined ? [] : existing([year], String(number), day);
}

/** The years of two digits within the last hundred and twenty. */
function centuries(short: number, today: Date): string[] {
  const now = today.getFullYear();
  const latest = now - ((now - short) % 100);
  return [latest, ...(now - latest <= 20 ? [latest - 100] : [])].map(String);
}

function existing(years: readonly string[], month: string, day: string): string[] {
  return years.map((year) => `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`).filter((date) => {
    const when = new Date(`${date}T00:00:00Z`);
    return !Number.isNaN(when.getTime()) && when.toISOString().startsWith(date);
  });
}

/** 7 of "Jul", "July" or "Juli". */
function monthOf(word: string): number | undefined {
  if (months.size === 0) {
    for (const language of LANGUAGES) {
      for (const style of ["short", "long"] as const) {
        const format = new Intl.DateTimeFormat(language, { month: style, timeZone: "UTC" });
        for (let n = 0; n < 12; n += 1) months.set(format.format(Date.UTC(2000, n, 15)).replace(/\.$/, "").toLocaleLowerCase(), n + 1);
      }
    }
    months.set("mrz", 3);
  }
  return months.get(word.toLocaleLowerCase());
}
