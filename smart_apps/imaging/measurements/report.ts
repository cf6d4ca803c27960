import { items, number, text, type Attributes, type Value } from "../viewer/dicom.ts";
import { CODES, NAMES } from "./codes.ts";
import { uidOfUuid, type Code, type Figure, type Measurement, type Place } from "./measurement.ts";

export const COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33";
export const MAKER = "fhirserver";
export const MODEL = "Images";
const SERIES_NUMBER = 9_000;

interface About {
  /** A picture of the study: the report is of the same patient and study, as its file says. */
  picture: Attributes;
  /** The reports that this one takes the place of. */
  before: readonly Attributes[];
  /** Who saves it, as a person's name of DICOM. */
  by: string | undefined;
  at: Date;
}

/**
 * The measurements of a study as a structured report: TID 1500, nobody has verified it.
 * https://dicom.nema.org/medical/dicom/current/output/html/part16.html#sect_TID_1500
 */
export function reportOf(measurements: readonly Measurement[], { picture, before, by, at }: About): Attributes {
  const last = before.at(-1);
  const series = last === undefined ? undefined : text(last, "0020000E");
  const numbers = before.map((one) => number(one, "00200013") ?? 0);
  const [date, time] = written(at);
  return {
    ...identity(picture),
    "00080016": value("UI", COMPREHENSIVE_SR),
    "00080018": value("UI", newUid()),
    "00080023": value("DA", date),
    "00080033": value("TM", time),
    "00080060": value("CS", "SR"),
    "00080070": value("LO", MAKER),
    "0008103E": value("LO", "Measurements"),
    "00081090": value("LO", MODEL),
    "00081111": { vr: "SQ" },
    "0020000E": value("UI", series ?? newUid()),
    "00200011": value("IS", SERIES_NUMBER),
    "00200013": value("IS", Math.max(0, ...numbers) + 1),
    ...(before.length === 0 ? {} : { "0040A360": sequence(before.length === 0 ? [] : named(text(picture, "0020000D") ?? "", before.map(placeOf))) }),
    "0040A372": { vr: "SQ" },
    ...(measurements.length === 0 ? {} : { "0040A375": sequence(named(text(picture, "0020000D") ?? "", measurements.map((one) => one.place))) }),
    "0040A491": value("CS", "COMPLETE"),
    "0040A493": value("CS", "UNVERIFIED"),
    ...container(CODES.report, [
      coded("HAS CONCEPT MOD", CODES.language, CODES.english),
      ...(by === undefined ? [] : [coded("HAS OBS CONTEXT", CODES.observerType, CODES.person), person(by)]),
      procedure(picture),
      { "0040A010": value("CS", "CONTAINS"), ...container(CODES.measurements, measurements.map(groupOf)) },
    ]),
    "0040A504": sequence([{ "00080105": value("CS", "DCMR"), "0040DB00": value("CS", "1500") }]),
  };
}

/** A measurement as a group: TID 1501, of an ellipse and a point TID 1410. */
function groupOf(one: Measurement): Attributes {
  const isRegion = one.kind === "ellipse" || one.kind === "probe";
  const figures = one.figures.map((figure) => numeric(figure, isRegion ? [] : [graphic(one, "INFERRED FROM", CODES.source)]));
  return {
    "0040A010": value("CS", "CONTAINS"),
    ...container(CODES.group, [
      { ...item("HAS OBS CONTEXT", "TEXT", CODES.trackingName), "0040A160": value("UT", NAMES[one.kind]) },
      { ...item("HAS OBS CONTEXT", "UIDREF", CODES.trackingUid), "0040A124": value("UI", one.uid) },
      ...(one.by === undefined ? [] : [coded("HAS OBS CONTEXT", CODES.observerType, CODES.person), person(one.by)]),
      ...(isRegion ? [graphic(one, "CONTAINS", CODES.region)] : []),
      ...figures,
    ]),
  };
}

function graphic({ kind, points, place }: Measurement, relation: string, concept: Code): Attributes {
  const type = kind === "ellipse" ? "ELLIPSE" : kind === "probe" ? "POINT" : "POLYLINE";
  const image: Attributes = { "0040A010": value("CS", "SELECTED FROM"), "0040A040": value("CS", "IMAGE"), "00081199": sequence([reference(place)]) };
  return {
    ...item(relation, "SCOORD", concept),
    "00700022": { vr: "FL", Value: points.flat() },
    "00700023": value("CS", type),
    "0040A730": sequence([image]),
  };
}

function numeric({ concept, derivation, value: figure, unit }: Figure, below: readonly Attributes[]): Attributes {
  const children = [...(derivation === undefined ? [] : [coded("HAS CONCEPT MOD", CODES.derivation, derivation)]), ...below];
  return {
    ...item("CONTAINS", "NUM", concept),
    "0040A300": sequence([{ "0040A30A": value("DS", Math.round(figure * 1000) / 1000), "004008EA": sequence([code(unit)]) }]),
    ...(children.length === 0 ? {} : { "0040A730": sequence(children) }),
  };
}

function container(concept: Code, children: readonly Attributes[]): Attributes {
  return {
    "0040A040": value("CS", "CONTAINER"),
    "0040A043": sequence([code(concept)]),
    "0040A050": value("CS", "SEPARATE"),
    ...(children.length === 0 ? {} : { "0040A730": sequence(children) }),
  };
}

function item(relation: string, kind: string, concept: Code): Attributes {
  return { "0040A010": value("CS", relation), "0040A040": value("CS", kind), "0040A043": sequence([code(concept)]) };
}

function coded(relation: string, concept: Code, of: Code): Attributes {
  return { ...item(relation, "CODE", concept), "0040A168": sequence([code(of)]) };
}

function person(name: string): Attributes {
  return { ...item("HAS OBS CONTEXT", "PNAME", CODES.observer), "0040A123": { vr: "PN", Value: [{ Alphabetic: name }] } };
}

/** What was examined, as the study says it. */
function procedure(picture: Attributes): Attributes {
  const said = items(picture, "00081032")[0];
  const [value_, scheme, meaning] = said === undefined ? [] : [text(said, "00080100"), text(said, "00080102"), text(said, "00080104")];
  const known: Code = value_ !== undefined && scheme !== undefined && meaning !== undefined ? [value_, scheme, meaning] : CODES.imaging;
  return coded("HAS CONCEPT MOD", CODES.procedure, known);
}

function code([value_, scheme, meaning]: Code): Attributes {
  return { "00080100": value("SH", value_), "00080102": value("SH", scheme), "00080104": value("LO", meaning) };
}

function reference({ sopClass, instance, frame }: Place): Attributes {
  return { "00081150": value("UI", sopClass), "00081155": value("UI", instance), ...(frame > 1 ? { "00081160": value("IS", frame) } : {}) };
}

/** Instances of a study by series. PS3.3 table 10-4 */
function named(study: string, places: readonly Place[]): Attributes[] {
  const bySeries = new Map<string, Map<string, Place>>();
  for (const place of places) {
    const known = bySeries.get(place.series) ?? new Map<string, Place>();
    bySeries.set(place.series, known.set(place.instance, { ...place, frame: 1 }));
  }
  const series = [...bySeries].map(([uid, instances]): Attributes => ({ "0020000E": value("UI", uid), "00081199": sequence([...instances.values()].map(reference)) }));
  return [{ "0020000D": value("UI", study), "00081115": sequence(series) }];
}

function placeOf(report: Attributes): Place {
  return { instance: text(report, "00080018") ?? "", sopClass: text(report, "00080016") ?? "", series: text(report, "0020000E") ?? "", frame: 1 };
}

/** Patient and study as the picture's file says them, so that the report is of the same. */
function identity(picture: Attributes): Attributes {
  const kept = Object.entries(picture).filter(([tag, one]) => one !== undefined && one.BulkDataURI === undefined && (tag.startsWith("0010") || STUDY.includes(tag)));
  const empty: Attributes = Object.fromEntries(Object.entries(REQUIRED).map(([tag, vr]) => [tag, { vr }]));
  return { ...empty, ...Object.fromEntries(kept) };
}

const STUDY: readonly string[] = ["00080020", "00080030", "00080050", "00080051", "00080090", "00080201", "00081030", "00081032", "0020000D", "00200010"];
const REQUIRED = { "00080020": "DA", "00080030": "TM", "00080050": "SH", "00080090": "PN", "00100010": "PN", "00100020": "LO", "00100030": "DA", "00100040": "CS", "00200010": "SH" };

function value(vr: string, one: string | number): Value {
  return { vr, Value: [one] };
}

function sequence(of: readonly Attributes[]): Value {
  return { vr: "SQ", Value: [...of] };
}

function newUid(): string {
  return uidOfUuid(crypto.randomUUID());
}

function written(at: Date): [string, string] {
  const two = (part: number) => String(part).padStart(2, "0");
  return [`${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`, `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`];
}
