import type { Parameters } from "fhir/r4";
import { expect, it } from "vitest";

import { ageError, askedIn, queryFor, searchOf, trendIn } from "./trend.ts";

const ANSWER: Parameters = {
  resourceType: "Parameters",
  parameter: [
    { name: "unit", valueString: "mmol/L" },
    { name: "cohort", valueInteger: 7 },
    { name: "left-out", part: [{ name: "unit", valueString: "mg/dL" }, { name: "values", valueInteger: 2 }] },
    {
      name: "span",
      part: [
        { name: "start", valueDate: "2026-11-02" }, { name: "end", valueDate: "2026-11-08" }, { name: "patients", valueInteger: 4 }, { name: "values", valueInteger: 6 },
        { name: "minimum", valueDecimal: 1 }, { name: "lower-quartile", valueDecimal: 1.75 }, { name: "median", valueDecimal: 3 }, { name: "upper-quartile", valueDecimal: 8 }, { name: "maximum", valueDecimal: 20 },
        { name: "member", part: [{ name: "patient", valueReference: { reference: "Patient/1" } }, { name: "value", valueDecimal: 1 }] },
      ],
    },
  ],
};

it("reads the figures as the server gives them", () => {
  expect(trendIn(ANSWER)).toEqual({
    unit: "mmol/L", cohort: 7, leftOut: [{ unit: "mg/dL", values: 2 }],
    spans: [{ start: "2026-11-02", end: "2026-11-08", patients: 4, values: 6, minimum: 1, lower: 1.75, median: 3, upper: 8, maximum: 20, members: [{ patient: "Patient/1", value: 1 }] }],
  });
});

it("keeps the question in the address", () => {
  const asked = { code: "http://loinc.org|2823-3", name: "Potassium", condition: "", conditionName: "", ward: "w1", ageFrom: "65", ageTo: "", by: "month" as const };
  const period = { start: "2026-01-01", end: "2026-03-31" };
  expect(askedIn(new URLSearchParams(searchOf(asked, period)))).toEqual(asked);
  expect(queryFor(asked, period)).toMatchObject({ ward: "w1", "age-from": "65", "age-to": undefined, condition: undefined });
});

it("says what is wrong with an age", () => {
  expect([ageError("", "17"), ageError("65", ""), ageError("old", ""), ageError("151", ""), ageError("70", "65")]).toEqual([undefined, undefined, "ageWrong", "ageWrong", "ageOrder"]);
});
