import type { AuditEvent } from "fhir/r4";
import { expect, it } from "vitest";

import { queryIn, requestIn, rowOf } from "./events.ts";

const OPERATIONS = "https://fhirserver.example/CodeSystem/operation";
const INTERACTIONS = "http://hl7.org/fhir/restful-interaction";
const DICOM = "http://dicom.nema.org/resources/ontology/DCM";
const client = { type: { coding: [{ system: DICOM, code: "110152" }] }, who: { identifier: { value: "fhirserver-chart" } }, requestor: false, network: { address: "10.1.2.3" } };
const server = { type: { coding: [{ system: DICOM, code: "110153" }] }, who: { display: "https://ehr.example/fhir" }, requestor: false };
const doctor = {
  type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP" }] },
  role: [{ coding: [{ system: "https://fhirserver.example/CodeSystem/role", code: "doctor" }] }],
  who: { reference: "Practitioner/7", display: "reed" }, altId: "u1", requestor: true,
};

function event(more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    resourceType: "AuditEvent", id: "1", recorded: "2026-01-01T10:00:00Z", type: { code: "rest" }, subtype: [{ system: INTERACTIONS, code: "read" }],
    action: "R", outcome: "0", source: { observer: {} }, agent: [client, server, doctor],
    entity: [{ what: { identifier: { value: "r-1" } }, type: { code: "XrequestId" } }, { what: { reference: "Observation/3/_history/2" } }, { what: { reference: "Patient/9" }, type: { code: "1" } }],
    ...more,
  };
}

it("tells who did what to whose record through which app", () => {
  expect(rowOf(event())).toMatchObject({
    person: { reference: "Practitioner/7", account: "u1", name: "reed", roles: ["doctor"] }, client: "fhirserver-chart", address: "10.1.2.3",
    did: "read", operation: "", types: ["Observation"], patients: ["9"], outcome: "done", isEmergency: false, isReported: false,
  });
  expect(requestIn(event())).toBe("r-1");
});

it("knows a system that acts for nobody", () => {
  const row = rowOf(event({ agent: [{ ...client, requestor: true }, server], subtype: [{ system: INTERACTIONS, code: "update" }] }));
  expect([row.person, row.client, row.did]).toEqual([undefined, "fhirserver-chart", "changed"]);
});

it("names operations, sign-ins and images", () => {
  const called = rowOf(event({ subtype: [{ system: INTERACTIONS, code: "operation" }, { system: OPERATIONS, code: "break-glass" }], purposeOfEvent: [{ coding: [{ code: "BTG" }] }] }));
  expect([called.did, called.operation, called.isEmergency]).toEqual(["called", "break-glass", true]);
  expect(rowOf(event({ type: { system: DICOM, code: "110114" }, subtype: [{ system: DICOM, code: "110122" }], outcome: "4", outcomeDesc: "wrong password" }))).toMatchObject({ did: "signedIn", outcome: "refused", reason: "wrong password" });
  const seen = rowOf(event({ type: { system: DICOM, code: "110103" }, subtype: [{ system: OPERATIONS, code: "dicom-frames" }] }));
  expect([seen.did, seen.operation]).toEqual(["imagesSeen", "dicom-frames"]);
});

it("reads what was searched for, in every script, and leaves bytes that are no text", () => {
  const asked = btoa(String.fromCharCode(...new TextEncoder().encode("name=Łukasz")));
  expect(queryIn(event({ entity: [{ query: asked }] }))).toBe("name=Łukasz");
  expect(queryIn(event({ entity: [{ query: btoa("\xff\xfe") }] }))).toBeUndefined();
  expect(queryIn(event())).toBeUndefined();
});

it("tells what else than records it was about, and what was changed", () => {
  const about = { what: { identifier: { system: "urn:fhirserver:account", value: "u2" } }, detail: [{ type: "roles", valueString: "nurse, doctor" }] };
  const row = rowOf(event({ subtype: [{ system: OPERATIONS, code: "admin-change-user" }], entity: [{ what: { identifier: { value: "r-1" } } }, about] }));
  expect(row.subjects).toEqual([{ kind: "account", id: "u2", told: [{ name: "roles", value: "nurse, doctor" }] }]);
  expect(row.types).toEqual([]);
});
