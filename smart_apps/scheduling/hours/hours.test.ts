import type { PractitionerRole, Slot } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { changed, fault, hoursOf, leaveOf, slotMinutes } from "./hours.ts";

const ROLE: PractitionerRole = {
  resourceType: "PractitionerRole",
  id: "1",
  active: true,
  availableTime: [{ daysOfWeek: ["mon", "fri"], availableStartTime: "08:00:00", availableEndTime: "16:00:00" }, { daysOfWeek: ["sat"], allDay: true }],
  notAvailable: [{ description: "Conference", during: { start: "2026-12-10T12:00:00-07:00", end: "2026-12-11T12:00:00-07:00" } }],
};

describe("hours and leave", () => {
  it("come back as they were when nothing is changed", () => {
    expect(changed(ROLE, hoursOf(ROLE), leaveOf(ROLE))).toEqual(ROLE);
  });

  it("leave nothing behind when all are taken away", () => {
    expect(changed(ROLE, [], [])).toEqual({ resourceType: "PractitionerRole", id: "1", active: true });
  });

  it("are refused without days or times", () => {
    expect(fault({ days: [], allDay: true, from: "", to: "" })).toBe("hoursNoDay");
    expect(fault({ days: ["mon"], allDay: false, from: "08:00", to: "" })).toBe("hoursNoTime");
    expect(fault({ days: ["mon"], allDay: false, from: "22:00", to: "06:00" })).toBeUndefined();
  });
});

describe("new slots", () => {
  it("are as long as most of those that there are", () => {
    const slot = (minutes: number): Slot => ({ resourceType: "Slot", status: "free", schedule: {}, start: "2026-12-01T09:00:00Z", end: new Date(Date.parse("2026-12-01T09:00:00Z") + minutes * 60_000).toISOString() });
    expect(slotMinutes([slot(20), slot(30), slot(20)])).toBe(20);
    expect(slotMinutes([])).toBe(30);
  });
});
