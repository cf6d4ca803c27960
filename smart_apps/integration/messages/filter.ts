import type { Parameters } from "../../shared/fhir/client.ts";
import { isoNow } from "../../shared/format/dates.ts";

export const NAMES = ["sender", "state", "event", "patient", "control", "content", "from", "to"] as const;
/** What a list of messages is narrowed down to; days are local: 2026-11-30. */
export type Filter = Record<(typeof NAMES)[number], string>;
export const A_PAGE = 50;

/** The filter in the address of the page. */
export function filterIn(query: URLSearchParams): Filter {
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""])) as Filter;
}

/** What the server is asked; `before` is the lowest number of the page before. */
export function askedFor(filter: Filter, before?: number): Parameters {
  return {
    sender: filter.sender,
    state: filter.state,
    event: filter.event.trim().toUpperCase(),
    patient: filter.patient.trim(),
    control: filter.control.trim(),
    content: filter.content,
    since: startOf(filter.from, 0),
    until: startOf(filter.to, 1),
    to: before === undefined ? undefined : before - 1,
    _count: A_PAGE,
  };
}

/** The first moment of a local day, or of one some days later. */
function startOf(day: string, later: number): string | undefined {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  if (year === undefined) return undefined;
  return isoNow(new Date(Number(year), Number(month) - 1, Number(date) + later));
}
