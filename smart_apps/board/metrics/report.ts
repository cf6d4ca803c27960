import type { MeasureReport, MeasureReportGroup, MeasureReportGroupStratifierStratum, Quantity } from "fhir/r4";

/** The server's own metrics, in the order of the page: docs/clinician/metrics.md. */
export const METRICS = [
  "occupancy", "admissions", "length-of-stay", "readmission", "waiting-time",
  "lab-turnaround", "alert-response", "no-show", "staff-load", "medication-orders",
] as const;
export type Metric = (typeof METRICS)[number];
export type Grouping = "day" | "ward" | "clinician";

/** Parts of a whole, which people read in percent. */
const PERCENT: ReadonlySet<string> = new Set(["occupancy", "readmission", "no-show"]);
const MEANS: ReadonlySet<string> = new Set(["length-of-stay", "lab-turnaround", "waiting-time", "alert-response"]);

export function isMetric(id: string): id is Metric {
  return (METRICS as readonly string[]).includes(id);
}

/** A mean has several figures, and its groups can't be added up. */
export function isMean(metric: string): boolean {
  return MEANS.has(metric);
}

export interface Figure {
  statistic: string;
  score?: Quantity;
  /** Of a proportion or ratio. */
  numerator?: number;
  denominator?: number;
  /** What else was counted. */
  count?: number;
}

export interface Stratum extends Figure {
  /** The day, or the key of a ward or clinician; empty where none is on record. */
  key: string;
  name: string;
}

/** The id of the metric that a report is of. */
export function metricOf(report: MeasureReport): string {
  return report.measure.split("|")[0]?.split("/").at(-1) ?? "";
}

/** The figures of the whole: one for a count or a proportion, three for a mean. */
export function figures(report: MeasureReport): Figure[] {
  return (report.group ?? []).map((group) => ({ statistic: statisticOf(group), ...scored(group) }));
}

/** The figures by day, ward or clinician; of a mean those of the mean. */
export function strata(report: MeasureReport, by: Grouping, statistic?: string): Stratum[] {
  const group = statistic === undefined ? report.group?.[0] : report.group?.find((one) => statisticOf(one) === statistic);
  const found = group?.stratifier?.find((one) => one.code?.[0]?.coding?.[0]?.code === by);
  return (found?.stratum ?? []).map((one) => ({
    statistic: group === undefined ? "" : statisticOf(group),
    key: one.value?.coding?.[0]?.code ?? (by === "day" && one.value?.text !== "unknown" ? (one.value?.text ?? "") : ""),
    name: one.value?.text ?? "",
    ...scored(one),
  }));
}

export function groupings(report: MeasureReport): Grouping[] {
  return (["day", "ward", "clinician"] as const).filter((by) => strata(report, by).length > 0);
}

/** A score as people read it: with one place, as a percentage too; a small one keeps two digits. Exports have them all. */
export function shown(metric: string, score: Quantity | undefined): { value: string; unit: string } | undefined {
  if (score?.value === undefined) return undefined;
  if (PERCENT.has(metric)) return { value: rounded(Number(hundredfold(score.value))), unit: "%" };
  return { value: rounded(score.value), unit: score.code === "d" || score.code === "min" ? score.code : "" };
}

function rounded(value: number): string {
  const [digits, places] = [Number(value.toPrecision(2)), Number(value.toFixed(1))];
  return String(Math.abs(value) < 1 ? digits : places);
}

/** A hundred times a number of at most four places, without the noise of binary fractions. */
export function hundredfold(value: number): string {
  return String(Math.round(value * 1_000_000) / 10_000);
}

function statisticOf(group: MeasureReportGroup): string {
  return group.code?.coding?.[0]?.code ?? "";
}

function scored(of: MeasureReportGroup | MeasureReportGroupStratifierStratum): Omit<Figure, "statistic"> {
  const count = (code: string) => of.population?.find((one) => one.code?.coding?.[0]?.code === code)?.count;
  return {
    score: of.measureScore,
    numerator: count("numerator"),
    denominator: count("denominator"),
    count: count("initial-population") ?? count("measure-population"),
  };
}
