import type { DetectedIssue, MedicationRequest } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { administration, isSame } from "./administration.ts";
import { unanswered, withReasons } from "./findings.ts";
import { prescription } from "./medicine.ts";
import { containedMedicine, EMPTY, orderOf, problems, typedFrom } from "./ordering.ts";

const medicine = { system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: "308192", display: "Amoxicillin 500 MG Oral Tablet" };
const typed = { ...EMPTY, medicine, dose: 500, route: "26643006", hours: "8", days: 7, pharmacy: "Organization/3" };
const says = { every: (n: number) => `every ${n} hours`, once: "once", asNeeded: "when needed", days: (n: number) => `for ${n} days` };
const about = { patient: "1", isInpatient: true, performer: { reference: "Organization/3" }, authoredOn: "2026-11-30T10:00:00+01:00", requester: "Practitioner/2" };

describe("a prescription", () => {
  it("needs a medicine, a dose, a route and a frequency", () => {
    expect(problems(EMPTY)).toEqual(["medicine", "dose", "route", "hours", "pharmacy"]);
    expect(orderOf(EMPTY)).toBeUndefined();
  });

  it("says in words what its timing says", () => {
    const order = orderOf(typed);
    if (order === undefined) throw new Error("incomplete");
    const made = prescription(order, about, "active", says);
    expect(made.dosageInstruction?.[0]?.text).toBe("500 mg oral route every 8 hours for 7 days");
    expect(made.dosageInstruction?.[0]?.timing?.repeat).toEqual({
      frequency: 1, period: 8, periodUnit: "h", boundsDuration: { value: 7, unit: "days", system: "http://unitsofmeasure.org", code: "d" },
    });
    expect(typedFrom(made)).toMatchObject({ medicine, dose: 500, unit: "mg", route: "26643006", hours: "8" });
  });

  it("is renewed with the medicine that it refers to", () => {
    const ward = { resourceType: "MedicationRequest", status: "active", intent: "order", subject: {}, medicationReference: { reference: "Medication/9", display: "Amoxicillin" } } as MedicationRequest;
    const code = { coding: [{ ...medicine }], text: "Amoxicillin" };
    expect(typedFrom(ward, { resourceType: "Medication", id: "9", code }).medicine).toEqual(medicine);
    expect(typedFrom(ward).medicine).toBeUndefined();
    const own = { ...ward, medicationReference: { reference: "#m" }, contained: [{ resourceType: "Medication" as const, id: "m", code }] };
    expect(typedFrom(own, containedMedicine(own)).medicine).toEqual(medicine);
  });

  it("says which pharmacy dispenses it, how often and how long", () => {
    const order = orderOf({ ...typed, repeats: 3, validUntil: "2999-11-30" });
    if (order === undefined) throw new Error("incomplete");
    const made = prescription(order, about, "active", says);
    expect(made.dispenseRequest).toEqual({ performer: { reference: "Organization/3" }, numberOfRepeatsAllowed: 3, validityPeriod: { start: about.authoredOn, end: "2999-11-30" } });
    expect(typedFrom(made)).toMatchObject({ pharmacy: "Organization/3", repeats: 3, validUntil: "" });
    expect(problems({ ...typed, validUntil: "2020-01-01" })).toEqual(["validUntil"]);
  });

  it("is signed against a severe finding only with a reason, which goes with it", () => {
    const finding = { resourceType: "DetectedIssue", status: "preliminary", severity: "high", identifier: [{ value: "k" }] } as DetectedIssue;
    const request = { resourceType: "MedicationRequest", status: "active", intent: "order", subject: {} } as MedicationRequest;
    expect(unanswered([finding], { 0: " " })).toEqual([0]);
    expect(unanswered([finding], { 0: "tolerated before" })).toEqual([]);
    const signed = withReasons(request, [finding], { 0: "tolerated before" }, "Practitioner/2");
    expect(signed.detectedIssue).toEqual([{ reference: "#finding1" }]);
    expect(signed.contained?.[0]).toMatchObject({ identifier: [{ value: "k" }], mitigation: [{ action: { text: "tolerated before" } }] });
  });
});

describe("a dose", () => {
  const request = { resourceType: "MedicationRequest", id: "9", status: "active", intent: "order", subject: { reference: "Patient/1" } } as MedicationRequest;

  it("is the same dose when it is recorded twice", () => {
    const dueAt = new Date("2026-11-30T08:00:00Z");
    const once = administration(request, { given: true, reason: "", at: "2026-11-30T08:01:00Z", dueAt });
    const twice = administration(request, { given: true, reason: "", at: "2026-11-30T08:02:00Z", dueAt });
    expect(once.identifier).toEqual(twice.identifier);
  });

  it("that was left out says why", () => {
    expect(administration(request, { given: false, reason: "asleep", at: "2026-11-30T08:01:00Z" })).toMatchObject({ status: "not-done", statusReason: [{ text: "asleep" }] });
  });

  it("is for the patient of the wristband", () => {
    expect([isSame("mrn-004 217", "MRN004217"), isSame("MRN004218", "MRN004217"), isSame("", undefined)]).toEqual([true, false, false]);
  });
});
