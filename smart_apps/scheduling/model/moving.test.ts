import type { Appointment, Bundle, Practitioner, Schedule, Slot } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { covering, partiesOf, planned } from "./moving.ts";
import { rowsOf } from "./rows.ts";

const NOW = new Date("2026-11-30T06:00:00Z");
const at = (clock: string) => new Date(`2026-12-01T${clock}:00Z`);

function slot(id: string, schedule: string, from: string, to: string, status: Slot["status"] = "free"): Slot {
  return { resourceType: "Slot", id, schedule: { reference: `Schedule/${schedule}` }, status, start: at(from).toISOString(), end: at(to).toISOString() };
}

function appointment(id: string, from: string, to: string, who: string[], slots: string[] = []): Appointment & { id: string } {
  return {
    resourceType: "Appointment", id, status: "booked", start: at(from).toISOString(), end: at(to).toISOString(),
    slot: slots.map((one) => ({ reference: `Slot/${one}` })),
    participant: [{ actor: { reference: "Patient/p" }, status: "accepted" }, ...who.map((reference) => ({ actor: { reference }, status: "accepted" as const }))],
  };
}

const SCHEDULES: Bundle<Schedule | Practitioner> = {
  resourceType: "Bundle", type: "searchset",
  entry: [
    { resource: { resourceType: "Schedule", id: "a", actor: [{ reference: "Practitioner/a", display: "Dr. A" }, { reference: "HealthcareService/s" }] } },
    { resource: { resourceType: "Schedule", id: "b", actor: [{ reference: "Practitioner/b", display: "Dr. B" }] } },
    { resource: { resourceType: "Schedule", id: "r", actor: [{ reference: "Location/r", display: "Room 1" }] } },
    { resource: { resourceType: "Schedule", id: "call", serviceType: [{ coding: [{ code: "on-call" }] }], actor: [{ reference: "Practitioner/c" }] } },
    { resource: { resourceType: "Practitioner", id: "a", name: [{ family: "Okafor", given: ["Ngozi"], prefix: ["Dr."] }] } },
  ],
};
const ROWS = rowsOf(SCHEDULES as Bundle);
const row = (ref: string) => {
  const found = ROWS.find((one) => one.ref === ref);
  if (found === undefined) throw new Error(ref);
  return found;
};

describe("rows", () => {
  it("are who and what has a schedule for appointments, people first", () => {
    expect(ROWS.map((one) => [one.label, one.kind])).toEqual([["Dr. B", "person"], ["Okafor, Dr. Ngozi", "person"], ["Room 1", "room"]]);
  });
});

describe("slots", () => {
  const slots = [slot("2", "a", "09:30", "10:00"), slot("1", "a", "09:00", "09:30"), slot("4", "a", "10:30", "11:00")];

  it("cover a time without a gap", () => {
    expect(covering(slots, at("09:00"), at("10:00"))?.map((one) => one.id)).toEqual(["1", "2"]);
    expect(covering(slots, at("09:30"), at("11:00"))).toBeUndefined();
    expect(covering(slots, at("08:30"), at("09:30"))).toBeUndefined();
  });
});

describe("a move", () => {
  const moved = appointment("x", "09:00", "09:30", ["Practitioner/a", "Location/r"], ["a1", "r1"]);
  const had = [slot("a1", "a", "09:00", "09:30", "busy"), slot("r1", "r", "09:00", "09:30", "busy")];

  it("needs all whose slots it had", () => {
    expect(partiesOf(moved, had, ROWS).map((one) => one.row.ref)).toEqual(["Practitioner/a", "Location/r"]);
    expect(partiesOf(moved, had, ROWS, row("Practitioner/a"), row("Practitioner/b")).map((one) => one.row.ref)).toEqual(["Location/r", "Practitioner/b"]);
  });

  it("may go over its own time", () => {
    const slots = [...had, slot("a2", "a", "09:30", "10:00"), slot("r2", "r", "09:30", "10:00")];
    const plan = planned(moved, partiesOf(moved, had, ROWS), slots, [moved], at("09:00"), at("10:00"), NOW);
    expect(plan).toEqual({ fits: true, slots: ["Slot/a1", "Slot/a2", "Slot/r1", "Slot/r2"], start: at("09:00"), end: at("10:00") });
  });

  it("names who is in the way", () => {
    const other = appointment("y", "10:00", "10:30", ["Location/r"]);
    const plan = planned(moved, partiesOf(moved, had, ROWS), had, [moved, other], at("10:00"), at("10:30"), NOW);
    expect(plan).toMatchObject({ fits: false, why: "taken", row: { ref: "Location/r" }, clash: { id: "y" } });
  });

  it("tells a taken time from a closed one, and the past", () => {
    const parties = partiesOf(moved, had, ROWS);
    expect(planned(moved, parties, [...had, slot("a9", "a", "12:00", "12:30", "busy")], [], at("12:00"), at("12:30"), NOW)).toMatchObject({ why: "taken" });
    expect(planned(moved, parties, had, [], at("12:00"), at("12:30"), NOW)).toMatchObject({ why: "closed" });
    expect(planned(moved, parties, had, [], new Date("2026-11-29T09:00:00Z"), new Date("2026-11-29T09:30:00Z"), NOW)).toMatchObject({ why: "past" });
  });
});
