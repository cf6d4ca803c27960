import type { Observation, Task } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { changesSince, sinceYesterday } from "./changes.ts";

const NOTHING = { labs: [], reports: [], medications: [], tasks: [], notes: [], encounters: [], problems: [], procedures: [], immunizations: [], images: [] };
const SINCE = new Date("2026-11-29T00:00:00Z");
const lab = (code: string, issued: string): Observation => ({ resourceType: "Observation", status: "final", code: { text: code }, issued, interpretation: [{ coding: [{ code }] }] });

describe("what is new since yesterday", () => {
  it("has what is urgent first, then the newest", () => {
    const task: Task = { resourceType: "Task", status: "requested", intent: "order", authoredOn: "2026-11-29T01:00:00Z", description: "Potassium 7.0 mmol/L" };
    const changes = changesSince(SINCE, { ...NOTHING, tasks: [task], labs: [lab("H", "2026-11-29T03:00:00Z"), lab("HH", "2026-11-29T02:00:00Z")] });

    expect(changes.map((one) => one.text)).toEqual(["HH", "Potassium 7.0 mmol/L", "H"]);
  });

  it("leaves out what is older, normal, or was an error", () => {
    const labs = [lab("H", "2026-11-28T23:59:00Z"), lab("N", "2026-11-29T03:00:00Z"), { ...lab("H", "2026-11-29T03:00:00Z"), status: "entered-in-error" as const }];
    expect(changesSince(SINCE, { ...NOTHING, labs })).toEqual([]);
  });

  it("has an alert that was answered among the others", () => {
    const task: Task = { resourceType: "Task", status: "completed", intent: "order", authoredOn: "2026-11-29T01:00:00Z" };
    expect(changesSince(SINCE, { ...NOTHING, tasks: [task] })[0]?.isUrgent).toBe(false);
  });

  it("leads to the line of the page that has it", () => {
    const changes = changesSince(SINCE, { ...NOTHING, procedures: [{ resourceType: "Procedure", id: "p", status: "completed", subject: {}, code: { text: "Appendectomy" }, performedPeriod: { start: "2026-11-29T01:00:00Z" } }] });

    expect(changes.map((one) => [one.text, one.page])).toEqual([["Appendectomy", "procedures#p"]]);
  });

  it("has what was withdrawn first, whenever it was written", () => {
    const report = { resourceType: "DiagnosticReport" as const, id: "r", status: "entered-in-error" as const, code: { text: "Chest" }, issued: "2026-11-01T03:00:00Z", meta: { lastUpdated: "2026-11-29T03:00:00Z" } };
    const changes = changesSince(SINCE, { ...NOTHING, labs: [lab("H", "2026-11-29T05:00:00Z")], reports: [report, { ...report, id: "old", meta: { lastUpdated: "2026-11-02T03:00:00Z" } }] });

    expect(changes.map((one) => [one.kind, one.page])).toEqual([["withdrawn", "results/reports/r"], ["result", "results"]]);
  });

  it("begins at midnight of the day before", () => {
    expect(sinceYesterday(new Date(2026, 2, 1, 3, 0)).getTime()).toBe(new Date(2026, 1, 28).getTime());
  });
});
