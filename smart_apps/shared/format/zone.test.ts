import { describe, expect, it } from "vitest";

import { addDays, instantOf, momentOf, mondayOf, wall, weekdayOf, written } from "./zone.ts";

describe("the clock on the wall of the clinic", () => {
  it("is that of its zone, not of the device", () => {
    expect(wall("2026-11-30T09:00:00-07:00", "America/Phoenix")).toBe("2026-11-30 09:00:00");
    expect(wall("2026-11-30T02:30:00Z", "America/Phoenix")).toBe("2026-11-29 19:30:00");
    expect(wall(undefined, "UTC")).toBe("");
    expect(momentOf(wall("2026-11-30T02:30:00Z", "America/Phoenix"))).toBe("29-Nov-2026 19:30");
    expect(momentOf(wall("whenever", "UTC"))).toBe("");
  });

  it("leads back to the instant", () => {
    expect(written(instantOf("2026-11-30 09:00:00", "America/Phoenix"))).toBe("2026-11-30T16:00:00Z");
    expect(written(instantOf("2026-07-01 09:00", "Europe/Berlin"))).toBe("2026-07-01T07:00:00Z");
    expect(written(instantOf("2026-07-01", "Europe/Berlin"))).toBe("2026-06-30T22:00:00Z");
  });

  it("knows the nights in which clocks are changed", () => {
    expect(written(instantOf("2026-10-25 02:30:00", "Europe/Berlin"))).toBe("2026-10-25T00:30:00Z");
    expect(written(instantOf("2026-10-25 03:30:00", "Europe/Berlin"))).toBe("2026-10-25T02:30:00Z");
    expect(wall(instantOf("2026-03-29 02:30:00", "Europe/Berlin"), "Europe/Berlin")).toBe("2026-03-29 03:30:00");
  });
});

describe("days", () => {
  it("are added over the ends of months and years", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
  });

  it("belong to the week of their Monday", () => {
    expect(weekdayOf("2026-11-29")).toBe(7);
    expect(mondayOf("2026-11-29")).toBe("2026-11-23");
    expect(mondayOf("2026-11-30")).toBe("2026-11-30");
  });
});
