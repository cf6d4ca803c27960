import type { AuditEvent, Bundle, FhirResource, Task } from "fhir/r4";
import { expect, it } from "vitest";

import type { Stored } from "../../shared/fhir/client.ts";
import { decided, reviewsIn, seenIn } from "./reviews.ts";

const task: Stored<Task> = {
  resourceType: "Task", id: "1", status: "requested", intent: "order", description: "unconscious in the emergency room", for: { reference: "Patient/9" },
  requester: { reference: "Practitioner/7" }, authoredOn: "2026-01-01T10:00:00Z",
  reasonCode: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "BTG" }] },
};
const input = [{ type: { coding: [{ system: "https://fhirserver.example/CodeSystem/task-input", code: "emergency-access" }] }, valuePeriod: { start: "2026-01-01T10:00:00Z", end: "2026-01-01T10:20:00Z" } }];

function bundle(...resources: FhirResource[]): Bundle {
  return { resourceType: "Bundle", type: "searchset", entry: resources.map((resource) => ({ resource })) };
}

it("tells who opened whose record, why, and how long it was open", () => {
  const opened: Task = { ...task, input };
  const [review] = reviewsIn(bundle(opened, { resourceType: "Practitioner", id: "7", name: [{ text: "Dr. Reed" }] }, { resourceType: "Patient", id: "9" }));
  expect(review).toMatchObject({ who: "Practitioner/7", whoName: "Dr. Reed", patientId: "9", patient: { id: "9" }, purpose: "BTG", reason: "unconscious in the emergency room", open: { end: "2026-01-01T10:20:00Z" }, isOver: false, decision: undefined });
  expect(reviewsIn(bundle(task))[0]).toMatchObject({ open: { end: "2026-01-01T11:00:00.000Z" }, patient: undefined, whoName: "" });
});

it("writes down who decided what, and leaves earlier notes", () => {
  const given = { by: "Practitioner/3", at: "2026-01-02T09:00:00Z", note: " asked the ward ", words: "Justified" };
  const waiting = decided(task, { ...given, decision: "open" });
  expect([waiting.status, waiting.executionPeriod]).toEqual(["in-progress", { start: given.at }]);
  const done = decided(waiting, { ...given, decision: "justified", note: "was on call", at: "2026-01-03T09:00:00Z" });
  expect(done).toMatchObject({ status: "completed", owner: { reference: "Practitioner/3" }, executionPeriod: { start: given.at, end: "2026-01-03T09:00:00Z" } });
  expect(reviewsIn(bundle(done))[0]).toMatchObject({ decision: "justified", isOver: true, notes: [{ text: "asked the ward", by: "Practitioner/3" }, { text: "was on call" }] });
});

it("counts what was seen and changed, without what was refused", () => {
  const event = (recorded: string, action: AuditEvent["action"], outcome: AuditEvent["outcome"], ...references: string[]): AuditEvent => ({
    resourceType: "AuditEvent", recorded, action, outcome, type: {}, source: { observer: {} }, agent: [], entity: references.map((reference) => ({ what: { reference }, type: { code: reference === "Patient/9" ? "1" : "2" } })),
  });
  expect(seenIn([
    event("2026-01-01T10:09:00Z", "R", "0", "Observation/1", "Observation/2", "Patient/9"),
    event("2026-01-01T10:01:00Z", "E", "0", "Observation/3", "Patient/9"),
    event("2026-01-01T10:02:00Z", "R", "4", "Condition/1"),
    event("2026-01-01T10:03:00Z", "U", "0", "Task/1"),
    event("2026-01-01T10:04:00Z", "R", "0", "Patient/9/_history/1", "Patient/9"),
    event("2026-01-01T10:05:00Z", "E", "0", "Patient/9"),
  ])).toEqual([
    { type: "Task", times: 1, first: "2026-01-01T10:03:00Z", last: "2026-01-01T10:03:00Z", isChange: true },
    { type: "Observation", times: 2, first: "2026-01-01T10:01:00Z", last: "2026-01-01T10:09:00Z", isChange: false },
    { type: "Patient", times: 1, first: "2026-01-01T10:04:00Z", last: "2026-01-01T10:04:00Z", isChange: false },
  ]);
});
