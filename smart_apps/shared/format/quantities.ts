import type { Observation, ObservationComponent, ObservationReferenceRange, Quantity } from "fhir/r4";

import { hasCode } from "./codes.ts";

const NBSP = "\u00a0";
// What must not be read wrongly: ISMP's list of error-prone abbreviations.
const UNITS: Record<string, string> = { "[IU]": "units", U: "units", ug: "mcg", "µg": "mcg", "μg": "mcg", "mm[Hg]": "mmHg", "/min": "/min", Cel: "°C", "{score}": "" };

const POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A value with its unit, as it was recorded: the digits aren't changed, and the two never part at a line's end. */
export function quantity(value: Quantity | undefined): string {
  if (value?.value === undefined) return "";
  const unit = unitOf(value);
  return `${value.comparator ?? ""}${plain(value.value)}${unit === "" ? "" : unit === "%" ? `${NBSP}%` : NBSP + unit}`;
}

export function unitOf(value: Quantity | undefined): string {
  const unit = value?.unit ?? value?.code ?? "";
  return UNITS[unit] ?? unit.replace(/10[*^](\d)/, (_, power: string) => `10${POWERS[Number(power)] ?? ""}`);
}

/** A leading zero always, no exponent. */
export function plain(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(12).replace(/\.?0+$/, "") : text;
}

export type Level = "HH" | "H" | "N" | "L" | "LL" | "A" | "AA";

/** How abnormal: from the interpretation first, by the range second; undefined when nothing says so. */
export function level(observation: Observation | ObservationComponent): Level | undefined {
  const said = observation.interpretation ?? [];
  for (const code of ["HH", "LL", "AA", "H", "L", "A", "N"] as const) if (said.some((one) => hasCode(one, code))) return code;
  if (said.some((one) => hasCode(one, "HU"))) return "HH";
  if (said.some((one) => hasCode(one, "LU"))) return "LL";
  const value = observation.valueQuantity?.value;
  const range = normalRange(observation);
  if (value === undefined || range === undefined) return undefined;
  if (range.low?.value !== undefined && value < range.low.value) return "L";
  if (range.high?.value !== undefined && value > range.high.value) return "H";
  return "N";
}

/** The range that the value is compared with: that of type normal, or of no type. */
export function normalRange(observation: Observation | ObservationComponent): ObservationReferenceRange | undefined {
  return observation.referenceRange?.find((range) => range.type === undefined || hasCode(range.type, "normal"));
}

/** 3.5–5.1, ≤ 5, ≥ 60; as text where it was sent as that, as by HL7 v2; empty when there is none. */
export function range(of: ObservationReferenceRange | undefined): string {
  const low = of?.low?.value;
  const high = of?.high?.value;
  if (low !== undefined && high !== undefined) return `${plain(low)}–${plain(high)}`;
  if (high !== undefined) return `≤${NBSP}${plain(high)}`;
  return low === undefined ? (of?.text ?? "") : `≥${NBSP}${plain(low)}`;
}
