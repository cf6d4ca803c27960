import type { Goal, GoalTarget, Observation, ObservationComponent, Range } from "fhir/r4";

import { quantity } from "../../shared/format/quantities.ts";
import { takenAt } from "../results/panels.ts";

/** What a goal can be measured by, with the unit that its target has. */
export const MEASURES = [
  { code: "4548-4", display: "Hemoglobin A1c/Hemoglobin.total in Blood", key: "hba1c", unit: "%", shown: "%" },
  { code: "8480-6", display: "Systolic blood pressure", key: "systolic", unit: "mm[Hg]", shown: "mmHg" },
  { code: "8462-4", display: "Diastolic blood pressure", key: "diastolic", unit: "mm[Hg]", shown: "mmHg" },
  { code: "29463-7", display: "Body weight", key: "weight", unit: "kg", shown: "kg" },
  { code: "2708-6", display: "Oxygen saturation in Arterial blood", key: "saturation", unit: "%", shown: "%" },
  { code: "72514-3", display: "Pain severity - 0-10 verbal numeric rating [Score] - Reported", key: "pain", unit: "{score}", shown: "/10" },
] as const;

/** The newest value of what a goal is measured by, the one before, and whether the newest is where it is to be. */
export interface Progress {
  at: string;
  value: Observation | ObservationComponent;
  before?: Observation | ObservationComponent;
  /** Undefined where the target has no numbers, or the units differ. */
  isReached?: boolean;
}

/** The codes that goals are measured by, each once: what is to be asked for. */
export function measuresOf(goals: readonly Goal[]): string[] {
  return [...new Set(goals.flatMap((goal) => (goal.target ?? []).flatMap((target) => codeOf(target) ?? [])))].sort();
}

/** How far a target is, from observations of its measure. */
export function progressOf(target: GoalTarget, observations: readonly Observation[]): Progress | undefined {
  const code = codeOf(target);
  if (code === undefined) return undefined;
  const found = observations
    .filter((one) => !["entered-in-error", "cancelled"].includes(one.status))
    .flatMap((one) => [one, ...(one.component ?? [])].filter((value) => value.valueQuantity?.value !== undefined && value.code.coding?.some((coding) => coding.code === code) === true).map((value) => ({ at: takenAt(one), value })))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const [newest, before] = found;
  if (newest === undefined) return undefined;
  return { ...newest, before: before?.value, isReached: isWithin(newest.value, target) };
}

/** The numbers of a target: 4–7, ≤ 130 mmHg. */
export function targetWords(target: GoalTarget): string {
  const bounds = boundsOf(target);
  if (bounds === undefined) return "";
  const { low, high } = bounds;
  if (low !== undefined && high !== undefined) return `${quantity({ ...low, unit: undefined, code: undefined })}–${quantity(high)}`;
  return high === undefined ? `≥\u00a0${quantity(low)}` : `≤\u00a0${quantity(high)}`;
}

function codeOf(target: GoalTarget): string | undefined {
  return target.measure?.coding?.find((coding) => coding.code !== undefined)?.code;
}

function boundsOf(target: GoalTarget): Range | undefined {
  if (target.detailRange !== undefined) return target.detailRange;
  const one = target.detailQuantity;
  if (one === undefined) return undefined;
  const value = { ...one, comparator: undefined };
  if (one.comparator === "<" || one.comparator === "<=") return { high: value };
  if (one.comparator === ">" || one.comparator === ">=") return { low: value };
  return { low: value, high: value };
}

function isWithin(value: Observation | ObservationComponent, target: GoalTarget): boolean | undefined {
  const bounds = boundsOf(target);
  const measured = value.valueQuantity;
  const edges = [bounds?.low, bounds?.high].filter((edge) => edge?.value !== undefined);
  if (measured?.value === undefined || edges.length === 0) return undefined;
  if (edges.some((edge) => (edge?.code ?? edge?.unit) !== (measured.code ?? measured.unit))) return undefined;
  return measured.value >= (bounds?.low?.value ?? Number.NEGATIVE_INFINITY) && measured.value <= (bounds?.high?.value ?? Number.POSITIVE_INFINITY);
}
