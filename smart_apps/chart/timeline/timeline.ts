import type { Bundle, DiagnosticReport, FhirResource, Observation } from "fhir/r4";

import { idIn, linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { words } from "../../shared/format/codes.ts";
import { level } from "../../shared/format/quantities.ts";
import type { T } from "../../shared/i18n/i18n.ts";
import { STREAMS, VITALS, type Event, type Kind, type Stream } from "./streams.ts";

/** What one request has brought, by the name of its stream. */
export interface Page {
  found: Record<string, FhirResource[]>;
  /** Where a stream goes on, relative to the FHIR base; streams that are at their end have none. */
  next: Record<string, string>;
  /** Streams that couldn't be read. */
  missing: string[];
}

/** What is asked next: the streams and their addresses. */
export type Asked = readonly (readonly [stream: string, url: string])[];

/** Streams that are read together when more is wanted. */
const TOGETHER = 4;
const MINUTE_MS = 60_000;

export function streamsOf(kinds: readonly Kind[]): readonly Stream[] {
  return kinds.length === 0 ? STREAMS : STREAMS.filter((one) => one.kinds.some((kind) => kinds.includes(kind)));
}

/** The first request of the timeline. */
export function firstAsked(patient: string, kinds: readonly Kind[]): Asked {
  return streamsOf(kinds).map((one) => [one.name, one.search.replace("{patient}", patient)]);
}

/** The answer to a batch as a page; `base` is the server's address. */
export function pageOf(asked: Asked, bundle: Bundle, base: string): Page {
  const page: Page = { found: {}, next: {}, missing: [] };
  asked.forEach(([stream], n) => {
    const entry = bundle.entry?.[n];
    const answer = entry?.response?.status.startsWith("2") === true ? (entry.resource as Bundle | undefined) : undefined;
    if (answer === undefined) {
      page.missing.push(stream);
      return;
    }
    page.found[stream] = resourcesOf(answer);
    const next = linkOf(answer, "next");
    if (next !== undefined) page.next[stream] = next.replace(`${base.replace(/\/$/, "")}/`, "");
  });
  return page;
}

/** Where each stream goes on after all these pages. */
function openStreams(pages: readonly Page[]): Map<string, string> {
  const open = new Map<string, string>();
  for (const page of pages) {
    for (const name of Object.keys(page.found)) open.delete(name);
    for (const [name, url] of Object.entries(page.next)) open.set(name, url);
  }
  return open;
}

function loaded(pages: readonly Page[], stream: string): FhirResource[] {
  return pages.flatMap((page) => page.found[stream] ?? []);
}

/** How far back a stream has been read, in milliseconds since 1970. */
function reached(pages: readonly Page[], stream: Stream): number {
  const last = loaded(pages, stream.name).at(-1);
  return last === undefined ? Number.POSITIVE_INFINITY : instant(stream.at(last));
}

/** What to read when more is wanted: the streams that hold the others up. Undefined at the end. */
export function nextAsked(pages: readonly Page[]): Asked | undefined {
  const open = openStreams(pages);
  const behind = STREAMS.filter((one) => open.has(one.name)).map((one) => ({ name: one.name, at: reached(pages, one) })).sort((a, b) => b.at - a.at);
  return behind.length === 0 ? undefined : behind.slice(0, TOGETHER).map(({ name }) => [name, open.get(name) ?? ""]);
}

/** The lines that are certain to be whole, newest first: down to where the first stream ends that has more. Those without a time come last, at the end. */
export function eventsOf(pages: readonly Page[], kinds: readonly Kind[], t: T): Event[] {
  const open = openStreams(pages);
  const horizon = Math.max(Number.NEGATIVE_INFINITY, ...STREAMS.filter((one) => open.has(one.name)).map((one) => reached(pages, one)));
  const reports = loaded(pages, "DiagnosticReport") as DiagnosticReport[];
  const results = new Map((loaded(pages, "Observation") as Observation[]).map((one) => [one.id ?? "", one]));
  const inReports = new Set(reports.flatMap(resultIds));
  const events: Event[] = [];
  for (const stream of STREAMS) {
    for (const one of loaded(pages, stream.name)) {
      if (stream.name === "Observation" && inReports.has(one.id ?? "")) continue;
      const event = stream.event(one, t);
      if (event === undefined || (kinds.length > 0 && !kinds.includes(event.kind) && (event.also === undefined || !kinds.includes(event.also)))) continue;
      const values = stream.name === "DiagnosticReport" ? resultIds(one as DiagnosticReport).flatMap((id) => results.get(id) ?? []) : event.values;
      events.push(values === undefined ? event : { ...event, values: abnormalFirst(values) });
    }
  }
  return together(events)
    .filter((one) => (open.size === 0 ? true : instant(one.at) > horizon))
    .sort((a, b) => instant(b.at) - instant(a.at) || a.id.localeCompare(b.id));
}

/** Kinds that couldn't be read, so that nobody takes the timeline for whole. */
export function missingKinds(pages: readonly Page[]): Kind[] {
  const missing = new Set(pages.flatMap((page) => page.missing));
  return [...new Set(STREAMS.filter((one) => missing.has(one.name)).flatMap((one) => one.kinds))];
}

/** Results of one moment that no report has are one line, and vital signs of one minute. */
function together(events: readonly Event[]): Event[] {
  const made: Event[] = [];
  const moments = new Map<string, number>();
  for (const event of events) {
    const moment = momentOf(event);
    const before = moment === undefined ? undefined : moments.get(moment);
    if (before === undefined) {
      if (moment !== undefined) moments.set(moment, made.length);
      made.push(event);
      continue;
    }
    const first = made[before];
    if (first !== undefined) made[before] = { ...first, text: event.kind === "vital" ? first.text : `${first.text}, ${event.text}`, values: abnormalFirst([...(first.values ?? []), ...(event.values ?? [])]) };
  }
  return made;
}

function momentOf(event: Event): string | undefined {
  if (event.kind === "vital") return `${VITALS} ${Math.floor(instant(event.at) / MINUTE_MS)}`;
  return event.id.startsWith("Observation/") ? event.at ?? "" : undefined;
}

function resultIds(report: DiagnosticReport): string[] {
  return (report.result ?? []).flatMap((one) => idIn(one.reference, "Observation") ?? []);
}

function abnormalFirst(values: readonly Observation[]): Observation[] {
  const isAbnormal = (one: Observation) => !["N", undefined].includes(level(one));
  return values.filter((one) => words(one.code) !== "").toSorted((a, b) => Number(isAbnormal(b)) - Number(isAbnormal(a)));
}

/** The first moment of a date as far as it is known, here; what has none is before all others. */
export function instant(at: string | undefined): number {
  if (at === undefined || at === "") return Number.NEGATIVE_INFINITY;
  if (at.includes("T")) return Date.parse(at);
  const [year, month = 1, date = 1] = at.split("-").map(Number);
  return new Date(year ?? 0, month - 1, date).getTime();
}

/** Lines by day, as they are shown. */
export function byDay(events: readonly Event[], dayOf: (at: string) => string): { day: string; events: Event[] }[] {
  const days: { day: string; events: Event[] }[] = [];
  for (const event of events) {
    const day = event.at === undefined ? "" : dayOf(event.at);
    const last = days.at(-1);
    if (last?.day === day) last.events.push(event);
    else days.push({ day, events: [event] });
  }
  return days;
}
