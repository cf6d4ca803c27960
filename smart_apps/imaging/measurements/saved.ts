import { items, number, numbers, text, type Attributes } from "../viewer/dicom.ts";
import { CODES, NAMES } from "./codes.ts";
import { POINTS, type Code, type Figure, type Kind, type Measurement, type Place, type Point } from "./measurement.ts";
import { MAKER, MODEL } from "./report.ts";

/** A structured report with measurements made in this app. */
export interface Saved {
  report: Attributes;
  measurements: Measurement[];
}

/** The reports of this app that no later one has taken the place of; of those saved at the same time all count. */
export function currentOf(instances: readonly Attributes[]): Saved[] {
  const ours = instances.filter(isOurs);
  const replaced = new Set(ours.flatMap(predecessors));
  return ours
    .filter((one) => !replaced.has(text(one, "00080018") ?? ""))
    .map((report) => ({ report, measurements: measurementsIn(report) }));
}

/** All measurements, each once. */
export function measurementsOf(saved: readonly Saved[]): Measurement[] {
  return [...new Map(saved.flatMap((one) => one.measurements).map((one) => [one.uid, one])).values()];
}

function isOurs(report: Attributes): boolean {
  return isAbout(report, CODES.report) && text(report, "00080070") === MAKER && text(report, "00081090") === MODEL;
}

function predecessors(report: Attributes): string[] {
  return items(report, "0040A360")
    .flatMap((study) => items(study, "00081115"))
    .flatMap((series) => items(series, "00081199"))
    .flatMap((one) => text(one, "00081155") ?? []);
}

export function measurementsIn(report: Attributes): Measurement[] {
  const series = seriesByInstance(report);
  return below(report)
    .filter((one) => isAbout(one, CODES.measurements))
    .flatMap(below)
    .filter((one) => isAbout(one, CODES.group))
    .flatMap((group) => measurement(group, series) ?? []);
}

function measurement(group: Attributes, series: ReadonlyMap<string, string>): Measurement | undefined {
  const parts = below(group);
  const named = text(parts.find((one) => isAbout(one, CODES.trackingName)) ?? {}, "0040A160");
  const uid = text(parts.find((one) => isAbout(one, CODES.trackingUid)) ?? {}, "0040A124");
  const kind = (Object.keys(NAMES) as Kind[]).find((one) => NAMES[one] === named);
  const graphic = [...parts, ...parts.flatMap(below)].find((one) => text(one, "0040A040") === "SCOORD");
  if (uid === undefined || kind === undefined || graphic === undefined) return undefined;
  const place = placeIn(graphic, series);
  const flat = numbers(graphic, "00700022", 2 * POINTS[kind]);
  if (place === undefined || flat === undefined) return undefined;
  const points = Array.from({ length: POINTS[kind] }, (_, n): Point => [flat[2 * n] ?? 0, flat[2 * n + 1] ?? 0]);
  const who = parts.find((one) => isAbout(one, CODES.observer))?.["0040A123"]?.Value?.[0] as { Alphabetic?: string } | undefined;
  return { uid, kind, place, points, figures: parts.flatMap((one) => figure(one) ?? []), by: who?.Alphabetic };
}

function figure(item: Attributes): Figure | undefined {
  const concept = codeIn(item, "0040A043");
  const [measured] = items(item, "0040A300");
  if (text(item, "0040A040") !== "NUM" || concept === undefined || measured === undefined) return undefined;
  const [value, unit] = [number(measured, "0040A30A"), codeIn(measured, "004008EA")];
  if (value === undefined || unit === undefined) return undefined;
  const derivation = below(item).find((one) => isAbout(one, CODES.derivation));
  return { concept, value, unit, derivation: derivation === undefined ? undefined : codeIn(derivation, "0040A168") };
}

function placeIn(graphic: Attributes, series: ReadonlyMap<string, string>): Place | undefined {
  const reference = below(graphic).flatMap((one) => items(one, "00081199"))[0];
  const [instance, sopClass] = reference === undefined ? [] : [text(reference, "00081155"), text(reference, "00081150")];
  if (reference === undefined || instance === undefined || sopClass === undefined) return undefined;
  return { instance, sopClass, series: series.get(instance) ?? "", frame: number(reference, "00081160") ?? 1 };
}

/** The evidence says in which series the pictures are. */
function seriesByInstance(report: Attributes): Map<string, string> {
  const all = items(report, "0040A375").flatMap((study) => items(study, "00081115"));
  return new Map(all.flatMap((series) => items(series, "00081199").map((one): [string, string] => [text(one, "00081155") ?? "", text(series, "0020000E") ?? ""])));
}

function below(item: Attributes): Attributes[] {
  return items(item, "0040A730");
}

function isAbout(item: Attributes, [value, scheme]: Code): boolean {
  const [found] = items(item, "0040A043");
  return found !== undefined && text(found, "00080100") === value && text(found, "00080102") === scheme;
}

function codeIn(item: Attributes, tag: string): Code | undefined {
  const [found] = items(item, tag);
  const [value, scheme, meaning] = found === undefined ? [] : [text(found, "00080100"), text(found, "00080102"), text(found, "00080104")];
  return value === undefined || scheme === undefined ? undefined : [value, scheme, meaning ?? value];
}
