import type { DiagnosticReport, Observation } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";
import { words } from "../../shared/format/codes.ts";
import { plain } from "../../shared/format/quantities.ts";

/** A test with all its results, the newest first. */
export interface Test {
  key: string;
  name: string;
  results: Observation[];
}

export interface Panel {
  /** "" for results that are in no report. */
  name: string;
  tests: Test[];
}

/** When it was taken; what has no time comes last. */
export function takenAt(one: Observation): string {
  return one.effectiveDateTime ?? one.effectivePeriod?.start ?? one.effectiveInstant ?? one.issued ?? "";
}

/** Results by panel, as the reports have them; a panel's tests in the order of its newest report. */
export function panelsOf(observations: readonly Observation[], reports: readonly DiagnosticReport[]): Panel[] {
  const panelOf = new Map<string, string>();
  const order = new Map<string, number>();
  for (const report of reports.toSorted((a, b) => (b.effectiveDateTime ?? "").localeCompare(a.effectiveDateTime ?? ""))) {
    report.result?.forEach((result, n) => {
      const id = idIn(result.reference, "Observation");
      if (id === undefined || panelOf.has(id)) return;
      panelOf.set(id, words(report.code));
      order.set(id, n);
    });
  }
  const panels = new Map<string, Map<string, Test>>();
  for (const one of observations.toSorted((a, b) => Date.parse(takenAt(b)) - Date.parse(takenAt(a)))) {
    if (one.status === "cancelled") continue;
    const name = panelOf.get(one.id ?? "") ?? "";
    const coding = one.code.coding?.[0];
    const key = coding?.code === undefined ? words(one.code) : `${coding.system ?? ""}|${coding.code}`;
    const tests = panels.get(name) ?? new Map<string, Test>();
    panels.set(name, tests);
    const test = tests.get(key) ?? { key, name: words(one.code), results: [] };
    tests.set(key, test);
    test.results.push(one);
  }
  const rank = (test: Test) => order.get(test.results[0]?.id ?? "") ?? 999;
  return [...panels].map(([name, tests]) => ({ name, tests: [...tests.values()].sort((a, b) => rank(a) - rank(b)) })).sort((a, b) => Number(a.name === "") - Number(b.name === ""));
}

/** What can be compared and drawn: values without a comparator, in the unit of the newest. */
export function comparable(results: readonly Observation[]): Observation[] {
  const valid = results.filter((one) => one.status !== "entered-in-error" && one.valueQuantity?.value !== undefined && one.valueQuantity.comparator === undefined);
  const unit = unitKey(valid[0]);
  return valid.filter((one) => unitKey(one) === unit);
}

function unitKey(one: Observation | undefined): string | undefined {
  return one?.valueQuantity?.code ?? one?.valueQuantity?.unit;
}

/** How far the newest is from the one before: "+1.2"; undefined where they can't be compared. */
export function delta(results: readonly Observation[]): { change: string; before: Observation } | undefined {
  const valid = results.filter((one) => one.status !== "entered-in-error");
  const [newest, before] = valid;
  if (newest === undefined || before === undefined || comparable([newest, before]).length < 2) return undefined;
  const [a, b] = [newest.valueQuantity?.value ?? 0, before.valueQuantity?.value ?? 0];
  const digits = Math.max(...[a, b].map((value) => plain(value).split(".")[1]?.length ?? 0));
  const change = (a - b).toFixed(digits);
  return { change: Number(change) > 0 ? `+${change}` : Number(change) === 0 ? "±0" : change.replace("-", "\u2212"), before };
}

/** The times of a panel, newest first: the columns of the grid. */
export function timesOf(panel: Panel, most: number): string[] {
  return [...new Set(panel.tests.flatMap((test) => test.results.map(takenAt)))].filter((at) => at !== "").sort((a, b) => Date.parse(b) - Date.parse(a)).slice(0, most);
}
