import type { MeasureReport } from "fhir/r4";
import { expect, it } from "vitest";

import { factsIn, listed } from "./list.ts";
import { periodIn, presetPeriod } from "./period.ts";
import { figures, groupings, hundredfold, shown, strata } from "./report.ts";

const population = (code: string, count: number) => ({ code: { coding: [{ code }] }, count });
const REPORT: MeasureReport = {
  resourceType: "MeasureReport", status: "complete", type: "summary", measure: "https://fhirserver.example/Measure/no-show", period: { start: "2026-11-01", end: "2026-11-30" },
  group: [{
    code: { coding: [{ code: "proportion" }] },
    population: [population("denominator", 7), population("numerator", 2)],
    measureScore: { value: 0.2857, code: "1" },
    stratifier: [
      { code: [{ coding: [{ code: "day" }] }], stratum: [{ value: { text: "2026-11-03" }, population: [population("denominator", 7), population("numerator", 2)], measureScore: { value: 0.2857 } }] },
      { code: [{ coding: [{ code: "ward" }] }], stratum: [{ value: { text: "unknown" }, population: [] }, { value: { coding: [{ code: "Location/1" }], text: "Ward" }, population: [] }] },
    ],
  }],
};

it("reads figures and their groups", () => {
  expect(figures(REPORT)).toEqual([{ statistic: "proportion", score: { value: 0.2857, code: "1" }, numerator: 2, denominator: 7, count: undefined }]);
  expect(strata(REPORT, "day").map((one) => one.key)).toEqual(["2026-11-03"]);
  expect(strata(REPORT, "ward").map((one) => [one.key, one.name])).toEqual([["", "unknown"], ["Location/1", "Ward"]]);
  expect(groupings(REPORT)).toEqual(["day", "ward"]);
});

it.each([[0.2857, "28.57"], [0.07, "7"], [1, "100"], [0, "0"], [0.0001, "0.01"], [0.1429, "14.29"], [1.2345, "123.45"]])("%d in percent is %s", (value, expected) => {
  expect(hundredfold(value)).toBe(expected);
});

it("shows scores by their own digits", () => {
  expect(shown("no-show", { value: 0.2857 })).toEqual({ value: "28.6", unit: "%" });
  expect(shown("length-of-stay", { value: 1.4583, code: "d" })).toEqual({ value: "1.5", unit: "d" });
  expect(shown("lab-turnaround", { value: 218.6908, code: "min" })).toEqual({ value: "218.7", unit: "min" });
  expect(shown("alert-response", { value: 0.0312, code: "min" })).toEqual({ value: "0.031", unit: "min" });
  expect(shown("admissions", { value: 5, code: "1" })).toEqual({ value: "5", unit: "" });
  expect(shown("admissions", undefined)).toBeUndefined();
});

it("lists what counted, once, and by group", () => {
  const extension = (day: string) => [{ url: "https://fhirserver.example/StructureDefinition/measure-fact", extension: [{ url: "day", valueDate: day }] }];
  const list = {
    resourceType: "List" as const, id: "numerator", status: "current" as const, mode: "snapshot" as const,
    entry: [
      { item: { reference: "Encounter/1" }, extension: extension("2026-11-01") },
      { item: { reference: "Encounter/1" }, extension: extension("2026-11-02") },
      { item: { reference: "Encounter/2" }, extension: extension("2026-11-02") },
    ],
  };
  const facts = factsIn({ ...REPORT, contained: [list] });
  expect(listed(facts, undefined, undefined).map((fact) => fact.reference)).toEqual(["Encounter/1", "Encounter/2"]);
  expect(listed(facts, "day", "2026-11-01").map((fact) => fact.reference)).toEqual(["Encounter/1"]);
  expect(listed(facts, "ward", "")).toHaveLength(2);
});

it("takes a period from the address, and thirty days where it makes no sense", () => {
  expect(periodIn("?start=2026-01-01&end=2026-01-31")).toEqual({ start: "2026-01-01", end: "2026-01-31" });
  expect(periodIn("?start=2026-02-01&end=2026-01-31")).toEqual(presetPeriod("days30"));
  expect(presetPeriod("lastMonth", new Date(2026, 0, 15))).toEqual({ start: "2025-12-01", end: "2025-12-31" });
  expect(presetPeriod("days30", new Date(2026, 2, 1))).toEqual({ start: "2026-01-31", end: "2026-03-01" });
});
