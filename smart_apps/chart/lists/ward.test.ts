import type { Encounter, Flag, Observation, Patient, Task } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { placeOf, wardRows, warningLevel, warningScore } from "./ward.ts";

const NOW = Date.parse("2026-11-30T03:00:00Z");
const patients = ["a", "b", "c"].map((id): Patient => ({ resourceType: "Patient", id }));
const encounters = ["a", "b", "c"].map((id, n): Encounter => ({
  resourceType: "Encounter", status: "in-progress", class: { code: "IMP" }, subject: { reference: `Patient/${id}` },
  location: [
    { location: { display: "Ward 1" }, status: "active", physicalType: { coding: [{ code: "wa" }] } },
    { location: { display: `Ward 1, bed ${n + 1}` }, status: "active", physicalType: { coding: [{ code: "bd" }] } },
  ],
}));
const taken = (id: string, at: string): Observation => ({ resourceType: "Observation", status: "final", code: {}, subject: { reference: `Patient/${id}` }, effectiveDateTime: at });
const warned = (id: string, level: string, status: Flag["status"] = "active"): Flag => ({
  resourceType: "Flag", status, subject: { reference: `Patient/${id}` },
  code: { text: `Early warning: ${level}: NEWS2 7 (pulse 3)`, coding: [{ system: "https://fhirserver.example/CodeSystem/alert", code: "early-warning" }, { code: `early-warning.${level}` }] },
});

describe("the list of a ward", () => {
  it("has open alerts first, then overdue vital signs, then the others by bed", () => {
    const task: Task = { resourceType: "Task", status: "requested", intent: "order", priority: "stat", for: { reference: "Patient/c" } };
    const rows = wardRows(encounters, patients, [taken("a", "2026-11-30T02:00:00Z"), taken("c", "2026-11-30T02:30:00Z")], [], [task], NOW);

    expect(rows.map((row) => row.patient.id)).toEqual(["c", "b", "a"]);
    expect(rows.map((row) => row.isOverdue)).toEqual([false, true, false]);
  });

  it("takes the newest vital signs, whatever their order", () => {
    const rows = wardRows(encounters.slice(0, 1), patients, [taken("a", "2026-11-29T02:00:00Z"), taken("a", "2026-11-30T02:00:00Z")], [], [], NOW);
    expect(rows[0]?.vitalsAt).toBe("2026-11-30T02:00:00Z");
  });

  it("believes no time of the future", () => {
    const rows = wardRows(encounters.slice(0, 1), patients, [taken("a", "2026-12-30T02:00:00Z")], [], [], NOW);
    expect(rows[0]).toMatchObject({ vitalsAt: undefined, isOverdue: true });
  });

  it("shows the early warning that holds", () => {
    const rows = wardRows(encounters, patients, [], [warned("b", "high"), warned("a", "high", "inactive")], [], NOW);
    expect(rows.map((row) => warningLevel(row.warning))).toEqual([3, 0, 0]);
    expect(warningScore(rows[0]?.warning)).toBe("NEWS2 7 (pulse 3)");
  });

  it("shows a patient with two encounters once, and none who may not be seen", () => {
    expect(wardRows([...encounters, ...encounters], patients.slice(0, 2), [], [], [], NOW)).toHaveLength(2);
  });
});

describe("where somebody lies", () => {
  it("is the bed that hasn't been left", () => {
    const moved: Encounter = { ...(encounters[0] as Encounter), location: [
      { location: { display: "Bed 1" }, status: "completed", physicalType: { coding: [{ code: "bd" }] } },
      { location: { display: "Bed 2" }, status: "active", physicalType: { coding: [{ code: "bd" }] } },
    ] };
    expect(placeOf(moved)).toBe("Bed 2");
  });
});
