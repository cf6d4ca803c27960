import type { AuditEvent } from "fhir/r4";
import { expect, it } from "vitest";

import { looksOf } from "./looks.ts";

function event(id: string, recorded: string, who: string, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    resourceType: "AuditEvent", id, recorded, type: { code: "rest" }, action: "R", source: { observer: {} },
    agent: [{ requestor: false, who: { display: "app" } }, { requestor: true, who: { reference: `Practitioner/${who}`, display: who }, role: [{ coding: [{ code: "doctor" }] }] }],
    entity: [{ what: { reference: "Patient/1" } }, { what: { reference: "Observation/7/_history/2" } }],
    ...more,
  };
}

it("makes one look of what a person did without a pause", () => {
  const looks = looksOf([event("3", "2026-01-01T10:10:00Z", "a"), event("2", "2026-01-01T10:05:00Z", "b"), event("1", "2026-01-01T10:00:00Z", "a"), event("0", "2026-01-01T08:00:00Z", "a")]);
  expect(looks.map((look) => [look.who, look.first, look.last])).toEqual([
    ["a", "2026-01-01T10:00:00Z", "2026-01-01T10:10:00Z"], ["b", "2026-01-01T10:05:00Z", "2026-01-01T10:05:00Z"], ["a", "2026-01-01T08:00:00Z", "2026-01-01T08:00:00Z"],
  ]);
  expect(looks[0]).toMatchObject({ role: "doctor", types: ["Observation"], isChange: false, isEmergency: false });
});

it("tells changes and emergencies apart from looking", () => {
  const emergency = { purposeOfEvent: [{ coding: [{ code: "BTG" }] }] };
  const looks = looksOf([event("3", "2026-01-01T10:02:00Z", "a", emergency), event("2", "2026-01-01T10:01:00Z", "a", { action: "U" }), event("1", "2026-01-01T10:00:00Z", "a")]);
  expect(looks.map((look) => [look.isEmergency, look.isChange])).toEqual([[true, false], [false, true], [false, false]]);
});

it("says that nobody read it where the server worked by itself", () => {
  const own = event("1", "2026-01-01T10:00:00Z", "workflow:new_allergy");
  expect(looksOf([own, event("0", "2026-01-01T09:59:00Z", "a")]).map((look) => look.isAutomatic)).toEqual([true, false]);
});
