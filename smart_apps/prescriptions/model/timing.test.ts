import type { MedicationAdministration, MedicationRequest } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { doses, dueTimes } from "./timing.ts";

const at = (hour: number, day = 30) => new Date(2026, 10, day, hour);
const every = (hours: number) => ({ repeat: { frequency: 1, period: hours, periodUnit: "h" as const } });

describe("due times", () => {
  it("counts periods from the beginning of the prescription", () => {
    expect(dueTimes(every(8), at(6, 29), at(0), at(23))).toEqual([at(6), at(14), at(22)]);
  });

  it("divides a day by its frequency", () => {
    const twice = { repeat: { frequency: 2, period: 1, periodUnit: "d" as const } };
    expect(dueTimes(twice, at(8), at(0), at(23))).toEqual([at(8), at(20)]);
  });

  it("takes times of day where they are said", () => {
    const meals = { repeat: { timeOfDay: ["18:00:00", "08:00:00"] } };
    expect(dueTimes(meals, at(12, 29), at(0), at(23))).toEqual([at(8), at(18)]);
  });

  it("ends with the bounds and the count", () => {
    expect(dueTimes({ repeat: { ...every(6).repeat, count: 2 } }, at(0), at(0), at(23))).toHaveLength(2);
    expect(dueTimes({ repeat: { ...every(6).repeat, boundsDuration: { value: 12, code: "h" } } }, at(0), at(0), at(23))).toHaveLength(3);
  });

  it("invents no times", () => {
    expect(dueTimes({ code: { text: "as the patient likes" } }, at(0), at(0), at(23))).toEqual([]);
  });
});

describe("doses", () => {
  const request = { resourceType: "MedicationRequest", id: "1", authoredOn: at(6).toISOString(), dosageInstruction: [{ timing: every(4) }] } as MedicationRequest;
  const given = (hour: number, status = "completed") =>
    ({ resourceType: "MedicationAdministration", status, request: { reference: "MedicationRequest/1" }, effectiveDateTime: at(hour).toISOString() }) as MedicationAdministration;

  it("stand by what was given and by the clock", () => {
    const found = doses([request], [given(6), given(10, "not-done")], at(0), at(23), new Date(2026, 10, 30, 18, 30));
    expect(found.map((dose) => dose.standing)).toEqual(["given", "omitted", "overdue", "due", "later"]);
  });

  it("count what was entered in error as not given", () => {
    expect(doses([request], [given(6, "entered-in-error")], at(0), at(7), at(6))[0]?.standing).toBe("due");
  });

  it("are none for what is given when needed", () => {
    const needed = { ...request, dosageInstruction: [{ timing: every(4), asNeededBoolean: true }] };
    expect(doses([needed], [], at(0), at(23), at(12))).toEqual([]);
  });
});
