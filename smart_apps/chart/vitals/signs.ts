import type { Observation, ObservationComponent } from "fhir/r4";

import { hasCode } from "../../shared/format/codes.ts";

export const LOINC = "http://loinc.org";
export const UCUM = "http://unitsofmeasure.org";

/** A vital sign with a number: its code, its unit, what can't be, and what is unusual enough to be asked about. */
export interface Sign {
  key: string;
  code: string;
  /** Codes that mean the same when it is shown. */
  also?: readonly string[];
  unit: string;
  shown: string;
  /** Outside of this a value is refused: a living adult or child doesn't have it. */
  possible: readonly [number, number];
  /** Outside of this it is asked whether the value is right. */
  usual: readonly [number, number];
  /** Digits after the point. */
  digits: number;
}

/** In the order in which they are taken. `usual` is where NEWS2 (RCP, 2017) gives fewer than three points, or what a device can show. */
export const SIGNS: readonly Sign[] = [
  { key: "respiration", code: "9279-1", unit: "/min", shown: "/min", possible: [0, 120], usual: [9, 24], digits: 0 },
  { key: "saturation", code: "2708-6", also: ["59408-5"], unit: "%", shown: "%", possible: [20, 100], usual: [92, 100], digits: 0 },
  { key: "oxygen", code: "3151-8", unit: "L/min", shown: "L/min", possible: [0, 80], usual: [0, 15], digits: 1 },
  { key: "systolic", code: "8480-6", unit: "mm[Hg]", shown: "mmHg", possible: [30, 320], usual: [91, 219], digits: 0 },
  { key: "diastolic", code: "8462-4", unit: "mm[Hg]", shown: "mmHg", possible: [10, 220], usual: [40, 120], digits: 0 },
  { key: "pulse", code: "8867-4", also: ["8889-8"], unit: "/min", shown: "/min", possible: [0, 350], usual: [41, 130], digits: 0 },
  { key: "temperature", code: "8310-5", also: ["8331-1", "8329-5"], unit: "Cel", shown: "°C", possible: [20, 45], usual: [35.1, 39], digits: 1 },
  { key: "pain", code: "72514-3", unit: "{score}", shown: "/10", possible: [0, 10], usual: [0, 10], digits: 0 },
  { key: "weight", code: "29463-7", unit: "kg", shown: "kg", possible: [0.2, 650], usual: [30, 250], digits: 1 },
];
/** LOINC's panel of both pressures, as FHIR's vital signs profile wants it. */
export const PRESSURE = "85354-9";
export const CONSCIOUSNESS = "67775-7";
/** ACVPU: what NEWS2 reads, in SNOMED CT. */
export const ACVPU = [
  { key: "alert", code: "248234008", display: "Mentally alert" },
  { key: "confused", code: "130987000", display: "Acute confusion" },
  { key: "voice", code: "300202002", display: "Responds to voice" },
  { key: "pain", code: "450847001", display: "Responds to pain" },
  { key: "unresponsive", code: "422768004", display: "Unresponsive" },
] as const;

/** One measurement, whether an Observation of its own or a part of one. */
export interface Reading {
  at: string;
  value: Observation | ObservationComponent;
  of: Observation;
}

/** The readings of a sign, the newest first. Entered in error is none. */
export function readingsOf(sign: Pick<Sign, "code" | "also">, observations: readonly Observation[]): Reading[] {
  const codes = [sign.code, ...(sign.also ?? [])];
  const has = (one: Observation | ObservationComponent) => codes.some((code) => hasCode(one.code, code, LOINC));
  return observations
    .filter((one) => one.status !== "entered-in-error" && one.status !== "cancelled")
    .flatMap((of) => {
      const at = of.effectiveDateTime ?? of.effectivePeriod?.start ?? of.effectiveInstant;
      if (at === undefined) return [];
      if (has(of)) return [{ at, value: of, of }];
      return (of.component ?? []).filter(has).map((value) => ({ at, value, of }));
    })
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

export type Direction = "up" | "down" | "same";

/** How the newest value stands to the one before; undefined when they can't be compared. */
export function direction(newest: Reading | undefined, before: Reading | undefined): Direction | undefined {
  const [a, b] = [newest?.value.valueQuantity, before?.value.valueQuantity];
  if (a?.value === undefined || b?.value === undefined || (a.code ?? a.unit) !== (b.code ?? b.unit)) return undefined;
  return a.value > b.value ? "up" : a.value < b.value ? "down" : "same";
}
