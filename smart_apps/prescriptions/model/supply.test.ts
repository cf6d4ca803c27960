import type { MedicationDispense, MedicationRequest } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { dispensesOf, isDue, supplyOf } from "./supply.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const request = (dispenseRequest?: MedicationRequest["dispenseRequest"]): MedicationRequest => ({ resourceType: "MedicationRequest", id: "1", status: "active", intent: "order", subject: {}, dispenseRequest });
const dispense = (at: string, more: Partial<MedicationDispense> = {}): MedicationDispense => ({
  resourceType: "MedicationDispense", status: "completed", authorizingPrescription: [{ reference: "MedicationRequest/1" }], whenHandedOver: at, daysSupply: { value: 30, code: "d" }, ...more,
});
const due = (of: MedicationRequest, ...dispensed: MedicationDispense[]) => isDue(supplyOf(of, dispensed, NOW), NOW);

describe("what a pharmacy has to do", () => {
  it("is the first supply, once", () => {
    expect(due(request())).toBe(true);
    expect(due(request(), dispense("2026-10-30T12:00:00Z"))).toBe(false);
    expect(due(request(), dispense("2026-10-30T12:00:00Z", { status: "cancelled" }))).toBe(true);
    expect(due(request(), dispense("2026-10-30T12:00:00Z", { authorizingPrescription: [{ reference: "MedicationRequest/2" }] }))).toBe(true);
  });

  it("is a repeat when the last supply is nearly used up", () => {
    const repeated = request({ numberOfRepeatsAllowed: 1 });
    expect(due(repeated, dispense("2026-11-20T12:00:00Z"))).toBe(false);
    expect(due(repeated, dispense("2026-11-05T12:00:00Z"))).toBe(true);
    expect(due(repeated, dispense("2026-10-05T12:00:00Z"), dispense("2026-11-05T12:00:00Z"))).toBe(false);
  });

  it("is nothing after the last day", () => {
    expect(due(request({ validityPeriod: { end: "2026-11-30" } }))).toBe(true);
    expect(due(request({ validityPeriod: { end: "2026-11-29" } }))).toBe(false);
    expect(due(request({ validityPeriod: { end: "2026-11" } }))).toBe(true);
    expect(due(request({ validityPeriod: { end: "2025" } }))).toBe(false);
  });
});

describe("what is left", () => {
  it("is counted in quantities where one is prescribed", () => {
    const of = request({ quantity: { value: 30 }, numberOfRepeatsAllowed: 1 });
    expect(supplyOf(of, [dispense("2026-10-01T12:00:00Z", { quantity: { value: 30 } })], NOW).isOver).toBe(false);
    expect(supplyOf(of, [dispense("2026-10-01T12:00:00Z", { quantity: { value: 60 } })], NOW).isOver).toBe(true);
  });

  it("isn't counted in fills where one was a part of it", () => {
    const part = dispense("2026-10-01T12:00:00Z", { type: { coding: [{ code: "DF" }] } });
    expect(supplyOf(request({ numberOfRepeatsAllowed: 0 }), [part], NOW).isOver).toBe(false);
  });

  it("lasts as long as the newest supply", () => {
    const found = supplyOf(request({ expectedSupplyDuration: { value: 2, code: "wk" } }), [dispense("2026-11-20T12:00:00Z", { daysSupply: undefined }), dispense("2026-10-01T12:00:00Z")], NOW);
    expect(found).toMatchObject({ fills: 2, lastsUntil: new Date("2026-12-04T12:00:00Z") });
  });
});

it("the newest dispense is the last", () => {
  const found = dispensesOf(request(), [dispense("2026-11-20T12:00:00+01:00"), dispense("2026-10-01T12:00:00Z")]);
  expect(found.map((one) => one.whenHandedOver)).toEqual(["2026-10-01T12:00:00Z", "2026-11-20T12:00:00+01:00"]);
});
