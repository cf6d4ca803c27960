import type { Bundle, Observation, Task } from "fhir/r4";
import { expect, it } from "vitest";

import { ALERT } from "./alerts.ts";
import { change, earlierSearch } from "./earlier.ts";
import { stepsOf } from "./history.ts";

function version(n: number, more: Partial<Task>): { resource: Task } {
  const step = (at: number) => [{ type: { coding: [{ system: ALERT, code: "escalation-step" }] }, valueInteger: at }];
  return { resource: { resourceType: "Task", id: "t", status: "requested", intent: "order", input: step(n > 1 ? 1 : 0), meta: { versionId: String(n) }, ...more } };
}

it("tells what happened from the versions, the oldest first", () => {
  const history: Bundle = {
    resourceType: "Bundle", type: "history",
    entry: [
      version(5, { status: "completed", owner: { reference: "Practitioner/c" }, note: [{ text: "calcium" }], output: [{ type: {}, valueCodeableConcept: { coding: [{ system: ALERT, code: "treated" }] } }] }),
      version(4, { status: "accepted", owner: { reference: "Practitioner/c" } }),
      version(3, { owner: { reference: "Practitioner/c" } }),
      version(2, { owner: { reference: "Practitioner/b" } }),
      version(1, { owner: { reference: "Practitioner/a" } }),
    ],
  };

  expect(stepsOf(history).map((one) => [one.what, one.owner?.slice(-1), one.action, one.text])).toEqual([
    ["asked", "a", undefined, undefined],
    ["passedOn", "b", undefined, undefined],
    ["handed", "c", undefined, undefined],
    ["taken", "c", undefined, undefined],
    ["done", "c", "treated", "calcium"],
  ]);
});

function potassium(value: number, unit = "mmol/L"): Observation {
  return { resourceType: "Observation", status: "final", code: { coding: [{ system: "http://loinc.org", code: "2823-3" }] }, subject: { reference: "Patient/p" }, effectiveDateTime: "2026-11-30T01:00:00Z", valueQuantity: { value, unit } };
}

it("says a change with the digits of the values, and none between units", () => {
  expect([change(potassium(4.2), potassium(6.8)), change(potassium(6.8), potassium(4)), change(potassium(4.2, "mg/dL"), potassium(6.8))]).toEqual(["+2.6", "−2.8", undefined]);
});

it("seeks the same test of the same patient before", () => {
  expect(earlierSearch(potassium(6.8))).toContain("code=http%3A%2F%2Floinc.org%7C2823-3&date=lt2026-11-30T01%3A00%3A00Z");
});
