import type { Observation } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { direction, readingsOf, SIGNS, type Sign } from "./signs.ts";

const pulse = (value: number, at: string, more: Partial<Observation> = {}): Observation => ({
  resourceType: "Observation", status: "final", code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
  effectiveDateTime: at, valueQuantity: { value, unit: "/min", code: "/min" }, ...more,
});
const sign = (key: string) => SIGNS.find((one) => one.key === key) as Sign;

describe("readings of a vital sign", () => {
  it("are the newest first, whatever the time zone they were written in", () => {
    const found = readingsOf(sign("pulse"), [pulse(70, "2026-11-30T01:00:00-07:00"), pulse(80, "2026-11-30T09:30:00+01:00")]);
    expect(found.map((one) => one.value.valueQuantity?.value)).toEqual([80, 70]);
  });

  it("leave out what was entered in error", () => {
    expect(readingsOf(sign("pulse"), [pulse(700, "2026-11-30T01:00:00Z", { status: "entered-in-error" })])).toEqual([]);
  });

  it("are found within a panel", () => {
    const panel: Observation = {
      resourceType: "Observation", status: "final", code: {}, effectiveDateTime: "2026-11-30T01:00:00Z",
      component: [{ code: { coding: [{ system: "http://loinc.org", code: "8480-6" }] }, valueQuantity: { value: 130 } }],
    };
    expect(readingsOf(sign("systolic"), [panel])).toHaveLength(1);
  });
});

describe("the arrow", () => {
  const [a, b] = readingsOf(sign("pulse"), [pulse(90, "2026-11-30T02:00:00Z"), pulse(80, "2026-11-30T01:00:00Z")]);

  it("points to where the value went", () => {
    expect(direction(a, b)).toBe("up");
    expect(direction(b, a)).toBe("down");
    expect(direction(a, a)).toBe("same");
  });

  it("isn't there across units, or without a value before", () => {
    const other = readingsOf(sign("pulse"), [pulse(1.2, "2026-11-30T00:00:00Z", { valueQuantity: { value: 1.2, code: "Hz" } })])[0];
    expect(direction(a, other)).toBeUndefined();
    expect(direction(a, undefined)).toBeUndefined();
  });
});
