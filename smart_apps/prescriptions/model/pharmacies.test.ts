import type { MedicationRequest, Organization } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { performer } from "../../shared/fhir/departments.ts";
import { NONE, usualPharmacy } from "./pharmacies.ts";

const own: Organization = { resourceType: "Organization", id: "own", name: "Hospital, Pharmacy", partOf: { reference: "Organization/h" } };
const shop: Organization = { resourceType: "Organization", id: "shop", name: "Agave Pharmacy" };
const before = (setting: string, pharmacy: string, authoredOn: string): MedicationRequest => ({
  resourceType: "MedicationRequest", status: "active", intent: "order", subject: {}, authoredOn, category: [{ coding: [{ code: setting }] }], dispenseRequest: { performer: { reference: pharmacy } },
});

describe("the pharmacy that a prescription begins with", () => {
  it("is the hospital's own", () => expect(usualPharmacy([shop, own], [], true)).toBe("Organization/own"));

  it("is the one where the patient went last, if it is there", () => {
    const last = [before("outpatient", "Organization/own", "2026-01-01"), before("outpatient", "Organization/shop", "2026-05-01")];
    expect(usualPharmacy([shop, own], last, false)).toBe("Organization/shop");
    expect(usualPharmacy([own], last, false)).toBe("Organization/own");
    expect(usualPharmacy([shop, own], last, true)).toBe("Organization/own");
  });

  it("is nobody's guess where there are several", () => expect(usualPharmacy([shop, { ...shop, id: "other" }], [], false)).toBeUndefined());
});

it("a prescription names its pharmacy, or none", () => {
  expect(performer([own], "Organization/own")).toEqual({ reference: "Organization/own", display: "Hospital, Pharmacy" });
  expect(performer([own], NONE)).toBeUndefined();
});
