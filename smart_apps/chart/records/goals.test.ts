import type { GoalTarget, Observation } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { measuresOf, progressOf, targetWords } from "./goals.ts";

const target: GoalTarget = { measure: { coding: [{ code: "8480-6" }] }, detailRange: { high: { value: 130, code: "mm[Hg]", unit: "mmHg" } } };
const pressure = (at: string, systolic: number, unit = "mm[Hg]"): Observation => ({
  resourceType: "Observation", status: "final", code: { coding: [{ code: "85354-9" }] }, effectiveDateTime: at,
  component: [{ code: { coding: [{ code: "8480-6" }] }, valueQuantity: { value: systolic, code: unit } }],
});

describe("how far a goal is", () => {
  it("is the newest value of its measure, also where that is a component", () => {
    const found = progressOf(target, [pressure("2026-11-01T08:00:00Z", 150), pressure("2026-11-02T08:00:00Z", 128)]);

    expect(found).toMatchObject({ at: "2026-11-02T08:00:00Z", value: { valueQuantity: { value: 128 } }, before: { valueQuantity: { value: 150 } }, isReached: true });
    expect(progressOf(target, [pressure("2026-11-02T08:00:00Z", 131)])?.isReached).toBe(false);
  });

  it("isn't judged across units", () => {
    expect(progressOf(target, [pressure("2026-11-02T08:00:00Z", 17, "kPa")])?.isReached).toBeUndefined();
  });

  it("is asked for once for each measure", () => {
    expect(measuresOf([{ resourceType: "Goal", lifecycleStatus: "active", description: {}, subject: {}, target: [target, target] }])).toEqual(["8480-6"]);
  });

  it.each([
    [target, "≤\u00a0130\u00a0mmHg"],
    [{ detailRange: { low: { value: 4 }, high: { value: 7, unit: "%" } } }, "4–7\u00a0%"],
    [{ detailQuantity: { value: 90, comparator: ">", unit: "%" } }, "≥\u00a090\u00a0%"],
    [{}, ""],
  ] as [GoalTarget, string][])("says its numbers", (of, text) => {
    expect(targetWords(of)).toBe(text);
  });
});
