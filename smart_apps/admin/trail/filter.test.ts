import { expect, it } from "vitest";

import { addressOf, filterOf, searchOf } from "./filter.ts";

const somebody = { fhirUser: "Practitioner/7" };
const nobody = { fhirUser: null };

it("finds people as who they are in the records, and others by their account", () => {
  const filter = filterOf(new URLSearchParams());
  expect(searchOf({ ...filter, who: "a" }, somebody)).toMatchObject({ agent: "Practitioner/7" });
  expect(searchOf({ ...filter, who: "b" }, nobody)).toMatchObject({ "agent:identifier": "b" });
  expect(searchOf({ ...filter, who: "Practitioner/9" }, undefined)).toMatchObject({ agent: "Practitioner/9" });
});

it("comes back from the address as it went there", () => {
  const filter = { who: "a", patient: "9", from: "2026-01-01", to: "2026-01-01T10:00:00+01:00", what: "emergency", outcome: "refused" } as const;
  expect(filterOf(new URLSearchParams(addressOf(filter)))).toEqual(filter);
  expect(searchOf(filter, somebody)).toEqual({ agent: "Practitioner/7", patient: "Patient/9", date: ["ge2026-01-01", "le2026-01-01T10:00:00+01:00"], subtype: "break-glass", outcome: "4", _sort: "-date", _count: 50 });
});

it("leaves out of an address what means nothing", () => {
  expect(filterOf(new URLSearchParams("patient=a%26b&from=yesterday&what=constructor&outcome=5"))).toEqual({ who: "", patient: "", from: "", to: "", what: "", outcome: "" });
});
