import type { Appointment, Communication, Patient } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { repeat } from "../model/asking.ts";
import { reminded } from "../model/reminders.ts";
import { sorted } from "./order.ts";

function waits(id: string, created: string, priority?: number): Appointment {
  return { resourceType: "Appointment", id, status: "waitlist", created, priority, participant: [] };
}

describe("the waiting list", () => {
  it("goes by priority, then by who has waited longest; 0 is no priority", () => {
    const list = [waits("a", "2026-01-02", 5), waits("b", "2026-01-01", 0), waits("c", "2026-01-03", 1), waits("d", "2026-01-01", 5)];
    expect(sorted(list).map((one) => one.id)).toEqual(["c", "d", "a", "b"]);
  });
});

describe("a series", () => {
  it("is a rule with an end", () => {
    expect(repeat("week", 2, 6)).toBe("FREQ=WEEKLY;INTERVAL=2;COUNT=6");
    expect(repeat("workday", 1, 3)).toBe("FREQ=DAILY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;COUNT=3");
  });
});

describe("a reminder", () => {
  const booked: Appointment & { id: string } = { resourceType: "Appointment", id: "1", status: "booked", start: "2026-12-01T16:00:00Z", participant: [] };
  const sent = (start: string): Communication => ({
    resourceType: "Communication", status: "completed", sent: "2026-11-30T16:00:00Z", about: [{ reference: "Appointment/1" }],
    medium: [{ coding: [{ code: "SMSWRIT" }] }], identifier: [{ value: `appointment-reminder:24|1|p|${Date.parse(start) / 1000}` }],
  });

  it("counts for the time that it was about, not for another", () => {
    expect(reminded(booked, undefined, [sent("2026-12-01T16:00:00Z")], false)).toEqual({ state: "sent", at: "2026-11-30T16:00:00Z", by: "sms" });
    expect(reminded(booked, undefined, [sent("2026-12-01T15:00:00Z")], false)).toEqual({ state: "none" });
  });

  it("may be unwanted, or reach nobody", () => {
    const patient: Patient = { resourceType: "Patient", extension: [{ url: "https://fhirserver.example/StructureDefinition/patient-reminders", valueCode: "none" }] };
    expect(reminded(booked, patient, [], false)).toEqual({ state: "unwanted" });
    expect(reminded(booked, patient, [], true)).toEqual({ state: "unreachable" });
  });
});
