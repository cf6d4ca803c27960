import type { Bundle, Task } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { ALERT, alertsOf, isMine, matches, minutesUntil, missingPeople } from "./alerts.ts";
import { answered, handingOver, passedOn } from "./answering.ts";

const NOW = "2026-11-30T03:00:00+01:00";

function task(id: string, more: Partial<Task> = {}): Task {
  return {
    resourceType: "Task", id, status: "requested", intent: "order", priority: "asap", authoredOn: "2026-11-30T01:00:00Z",
    for: { reference: "Patient/p" }, owner: { reference: "Practitioner/me" }, meta: { versionId: "3" }, description: "Potassium 6.8 mmol/L. Call.",
    reasonCode: { text: "Potassium", coding: [{ system: ALERT, code: "critical-results" }] },
    ...more,
  };
}

function bundle(...resources: object[]): Bundle {
  return { resourceType: "Bundle", type: "searchset", entry: resources.map((resource) => ({ resource }) as never) };
}

describe("alerts", () => {
  const whole = bundle(
    task("t", {
      focus: { reference: "DetectedIssue/i" }, encounter: { reference: "Encounter/e" },
      restriction: { period: { end: "2026-11-30T01:15:00Z" } },
      input: [{ type: { coding: [{ system: ALERT, code: "escalation-next" }] }, valueReference: { reference: "Practitioner/next" } }],
    }),
    { resourceType: "DetectedIssue", id: "i", status: "final", detail: "6.8 mmol/L", implicated: [{ reference: "Observation/o" }] },
    { resourceType: "Observation", id: "o", status: "final", code: {}, valueQuantity: { value: 6.8 } },
    { resourceType: "Patient", id: "p", birthDate: "1945-07-14", name: [{ family: "Okafor", given: ["Ngozi"] }], identifier: [{ value: "MRN-17" }] },
    { resourceType: "Practitioner", id: "me", name: [{ text: "Dr. Fisher" }] },
    { resourceType: "Practitioner", id: "next", name: [{ text: "Dr. Grey" }] },
    {
      resourceType: "Encounter", id: "e", status: "in-progress", class: {},
      location: [
        { status: "completed", location: { display: "Emergency" }, physicalType: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/location-physical-type", code: "wa" }] } },
        { status: "active", location: { display: "Medical Ward" }, physicalType: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/location-physical-type", code: "wa" }] } },
        { status: "active", location: { display: "Medical Ward, bed 2" }, physicalType: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/location-physical-type", code: "bd" }] } },
      ],
    },
  );

  it("say what was found, where, who has it and who is next", () => {
    const [alert] = alertsOf([whole]);

    expect(alert).toMatchObject({
      title: "Potassium", text: "6.8 mmol/L", kind: "critical-results", ward: "Medical Ward", place: "Medical Ward, bed 2",
      ownerName: "Dr. Fisher", nextName: "Dr. Grey", escalatesAt: "2026-11-30T01:15:00Z", state: "waiting",
    });
    expect(alert?.result?.id).toBe("o");
    expect(missingPeople([whole])).toEqual(["Practitioner/next"]);
  });

  it("say nothing of a finding that may not be seen", () => {
    expect(alertsOf([bundle(task("t", { focus: { reference: "DetectedIssue/hidden" } }))])[0]?.text).toBeUndefined();
  });

  it("come in the order of their urgency", () => {
    const found = alertsOf([bundle(
      task("taken", { status: "accepted", priority: "stat" }),
      task("later", { restriction: { period: { end: "2026-11-30T01:30:00Z" } } }),
      task("sooner", { restriction: { period: { end: "2026-11-30T01:10:00Z" } } }),
      task("stat", { priority: "stat" }),
      task("nobody", { businessStatus: { coding: [{ system: ALERT, code: "unanswered" }] } }),
    )]);

    expect(found.map((one) => one.id)).toEqual(["nobody", "stat", "sooner", "later", "taken"]);
  });

  it("are found by whose they are, ward, and words", () => {
    const [alert] = alertsOf([whole]);
    if (alert === undefined) throw new Error("no alert");
    const all = { whose: "all", ward: "", kind: "", text: "" } as const;

    expect(isMine(alert, ["Practitioner/me"])).toBe(true);
    expect(matches(alert, { ...all, whose: "mine" }, ["Practitioner/other"])).toBe(false);
    expect(matches(alert, { ...all, text: "okafor 17" }, [])).toBe(true);
    expect(matches(alert, { ...all, ward: "Surgical Ward" }, [])).toBe(false);
  });

  it("count minutes until they go on", () => {
    expect(minutesUntil("2026-11-30T01:15:00Z", Date.parse("2026-11-30T01:00:30Z"))).toBe(15);
  });
});

describe("answers", () => {
  it("say who has it, what was done, and keep what was noted before", () => {
    const found = answered(task("t", { note: [{ text: "before" }] }), { status: "accepted", action: "ordered", note: " calcium " }, "Practitioner/me", NOW);

    expect(found).toMatchObject({ status: "accepted", owner: { reference: "Practitioner/me" }, lastModified: NOW });
    expect(found.note?.map((one) => one.text)).toEqual(["before", "calcium"]);
    expect(found.output?.[0]?.valueCodeableConcept?.coding?.[0]?.code).toBe("ordered");
  });

  it("let the server ask the next", () => {
    expect(passedOn(task("t"), "in theatre", "Practitioner/me", NOW)).toMatchObject({ status: "rejected", statusReason: { text: "in theatre" } });
  });

  it("hand over with a message, if nobody has answered meanwhile", () => {
    const [alert] = alertsOf([bundle(task("t"))]);
    if (alert === undefined) throw new Error("no alert");
    const [put, message] = handingOver(alert, "Practitioner/you", "you know her", "Practitioner/me", NOW);

    expect(put?.request?.ifMatch).toBe('W/"3"');
    expect(put?.resource).toMatchObject({ owner: { reference: "Practitioner/you" }, status: "requested" });
    expect(message?.resource).toMatchObject({ sender: { reference: "Practitioner/me" }, recipient: [{ reference: "Practitioner/you" }], partOf: [{ reference: "Task/t" }] });
  });
});
