import type { DiagnosticReport, Observation } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { comparable, delta, panelsOf, timesOf } from "./panels.ts";

let number = 0;
const result = (code: string, value: number | undefined, day: number, more: Partial<Observation> = {}): Observation => ({
  resourceType: "Observation", id: `o${(number += 1)}`, status: "final", code: { text: code, coding: [{ system: "http://loinc.org", code }] },
  effectiveDateTime: `2026-11-${day}T06:00:00Z`, valueQuantity: { value, unit: "mmol/L", code: "mmol/L" }, ...more,
});
const report = (name: string, day: number, ...results: Observation[]): DiagnosticReport => ({
  resourceType: "DiagnosticReport", status: "final", code: { text: name }, effectiveDateTime: `2026-11-${day}T06:00:00Z`, result: results.map((one) => ({ reference: `Observation/${one.id ?? ""}` })),
});

describe("results by panel", () => {
  it("follow the reports, in their order, the newest result first", () => {
    const [k1, na1, k2, na2] = [result("K", 4, 10), result("Na", 140, 10), result("K", 5, 12), result("Na", 141, 12)] as const;
    const alone = result("CRP", 3, 11);
    const panels = panelsOf([k1, na1, k2, na2, alone], [report("Electrolytes", 10, na1, k1), report("Electrolytes", 12, na2, k2)]);

    expect(panels.map((panel) => panel.name)).toEqual(["Electrolytes", ""]);
    expect(panels[0]?.tests.map((test) => [test.name, test.results.length])).toEqual([["Na", 2], ["K", 2]]);
    expect(panels[0]?.tests[1]?.results[0]).toBe(k2);
    expect(timesOf(panels[0] ?? { name: "", tests: [] }, 5)).toEqual(["2026-11-12T06:00:00Z", "2026-11-10T06:00:00Z"]);
  });
});

describe("the change", () => {
  it("has the digits of the values, and a sign", () => {
    expect(delta([result("K", 5.1, 12), result("K", 4.2, 10)])?.change).toBe("+0.9");
    expect(delta([result("K", 4, 12), result("K", 4.2, 10)])?.change).toBe("\u22120.2");
    expect(delta([result("K", 4, 12), result("K", 4, 10)])?.change).toBe("±0");
  });

  it("isn't told across units, comparators or errors", () => {
    expect(delta([result("K", 4, 12), result("K", 4, 10, { valueQuantity: { value: 4, code: "mg/dL" } })])).toBeUndefined();
    expect(delta([result("K", 4, 12), result("K", 4, 10, { valueQuantity: { value: 2, comparator: "<", code: "mmol/L" } })])).toBeUndefined();
    expect(delta([result("K", 4, 12, { status: "entered-in-error" }), result("K", 4, 10)])).toBeUndefined();
  });

  it("is drawn of one unit only", () => {
    expect(comparable([result("K", 4, 12), result("K", 80, 11, { valueQuantity: { value: 80, code: "mg/dL" } })])).toHaveLength(1);
  });
});
