import { describe, expect, it } from "vitest";

import { age, ago, day, isoNow, moment } from "./dates.ts";
import { formalName, recordNumber } from "./people.ts";
import { level, quantity, range } from "./quantities.ts";

describe("dates", () => {
  it("keeps the precision that was recorded", () => {
    expect([day("1945-07-14"), day("1945-07"), day("1945")]).toEqual(["14-Jul-1945", "Jul-1945", "1945"]);
  });

  it("shows a moment in the zone of this place", () => {
    expect(moment("2026-01-31T23:30:00Z")).toBe("01-Feb-2026 00:30");
  });

  it("says no time that wasn't recorded", () => {
    expect(moment("2026-01-31")).toBe("31-Jan-2026");
  });

  it("writes the offset of this place", () => {
    expect(isoNow(new Date("2026-07-01T10:00:00Z"))).toBe("2026-07-01T12:00:00+02:00");
  });

  it.each([
    ["2026-11-28", "2026-11-30T12:00:00+01:00", { n: 2, unit: "d" }],
    ["2026-10-20", "2026-11-30T12:00:00+01:00", { n: 5, unit: "w" }],
    ["2025-12-31", "2026-11-30T12:00:00+01:00", { n: 10, unit: "m" }],
    ["2000-12-01", "2026-11-30T12:00:00+01:00", { n: 25, unit: "y" }],
    ["1960", "2026-11-30T12:00:00+01:00", { n: 66, unit: "y" }],
  ] as const)("age of %s", (born, at, expected) => {
    expect(age(born, at)).toEqual(expected);
  });

  it("says how long ago", () => {
    expect(ago("2026-11-30T08:00:00Z", Date.parse("2026-11-30T12:10:00Z"))).toBe("4 hr. ago");
  });
});

describe("names", () => {
  it("puts the family name first, in capitals", () => {
    expect(formalName([{ use: "old", family: "Before" }, { use: "official", family: "Okafor", given: ["Ngozi", "A."] }])).toBe("OKAFOR, Ngozi A.");
  });

  it("takes the medical record number among identifiers", () => {
    expect(recordNumber([{ value: "1" }, { value: "2", type: { coding: [{ code: "MR" }] } }])).toBe("2");
  });
});

describe("quantities", () => {
  it("keeps number and unit together", () => {
    expect(quantity({ value: 0.5, unit: "mg" })).toBe("0.5\u00a0mg");
  });

  it("shows comparators, and names no unit that is misread", () => {
    expect(quantity({ value: 5, comparator: "<", unit: "ug" })).toBe("<5\u00a0mcg");
  });

  it("never writes an exponent", () => {
    expect(quantity({ value: 1e-7, unit: "g" })).toBe("0.0000001\u00a0g");
  });

  const potassium = { status: "final", code: {}, valueQuantity: { value: 6.8 }, referenceRange: [{ low: { value: 3.5 }, high: { value: 5.1 } }] } as const;

  it("believes the laboratory before the range", () => {
    const said = { ...potassium, interpretation: [{ coding: [{ code: "HH" }] }] };
    expect(level(said as never)).toBe("HH");
  });

  it("compares with the range where the laboratory says nothing", () => {
    expect(level(potassium as never)).toBe("H");
  });

  it("never calls a value without a range normal", () => {
    expect(level({ ...potassium, referenceRange: undefined } as never)).toBeUndefined();
  });

  it("says a range that is only text", () => {
    expect(range({ text: "3.5-5.1" })).toBe("3.5-5.1");
  });

  it("writes powers of ten as such", () => {
    expect(quantity({ value: 9.2, unit: "10^3/uL" })).toBe("9.2\u00a010³/uL");
    expect(quantity({ value: 9.2, code: "10*6/uL" })).toBe("9.2\u00a010⁶/uL");
  });

  it("says open ranges", () => {
    expect([range({ high: { value: 5 } }), range({ low: { value: 60 } }), range(undefined)]).toEqual(["≤\u00a05", "≥\u00a060", ""]);
  });
});
