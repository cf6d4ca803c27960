import { expect, it } from "vitest";

import { denial, denied } from "./consents.ts";

const given = { patient: "1", by: "Patient/1", person: "Practitioner/2", name: "Dr. B", part: "results", until: "2027-01-01", at: "2026-01-01T10:00:00Z", identifier: "urn:uuid:1" };

it("keeps a person out of the types of a part", () => {
  const made = denial(given);
  expect(made.provision).toMatchObject({ type: "deny", period: { end: "2027-01-01" }, actor: [{ reference: { reference: "Practitioner/2" } }] });
  expect(made.provision?.class?.map((one) => one.code)).toEqual(["Observation", "DiagnosticReport", "Specimen"]);
  expect(denied(made)).toEqual({ name: "Dr. B", part: "results", until: "2027-01-01" });
});

it("names no class for the whole record, and puts no words into other consents", () => {
  const whole = denial({ ...given, part: "all", until: "" });
  expect(whole.provision?.class).toBeUndefined();
  expect(denied(whole)).toEqual({ name: "Dr. B", part: "all", until: undefined });
  expect(denied({ ...whole, provision: { type: "permit" } })).toBeUndefined();
});
