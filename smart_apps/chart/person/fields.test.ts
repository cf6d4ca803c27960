import type { Patient } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { emptyIdentifier, fieldsOf, patientOf, REGISTRATION } from "./fields.ts";

const KNOWN: Patient = {
  resourceType: "Patient",
  id: "1",
  extension: [{ url: "https://example.org/x", valueString: "kept" }],
  identifier: [{ system: REGISTRATION, value: "r" }, { use: "usual", type: { coding: [{ code: "MR" }] }, system: "https://h.example", value: "7" }],
  name: [{ use: "official", family: "van der Berg", given: ["Mary Ann", "Eve"], text: "Mary Ann Eve van der Berg", period: { start: "2001" } }],
  telecom: [{ system: "phone", value: "1", rank: 1 }],
  gender: "female",
  birthDate: "1945-07",
  address: [{ text: "Main street 1, Town" }],
  contact: [{ name: { text: "Her brother" }, telecom: [{ system: "phone", value: "2" }, { system: "email", value: "x@y.example" }] }],
  communication: [{ language: { coding: [{ code: "tlh" }] } }],
  generalPractitioner: [{ reference: "Practitioner/1" }, { reference: "Organization/2" }],
};
const through = (patient: Patient, change: (fields: ReturnType<typeof fieldsOf>) => void = () => undefined): Patient => {
  const fields = fieldsOf(patient);
  change(fields);
  return patientOf(fields, patient, "en", (key) => key);
};

describe("the form of a patient", () => {
  it("changes nothing that wasn't touched", () => {
    const made = through(KNOWN);

    expect({ ...made, identifier: undefined }).toEqual({ ...KNOWN, identifier: undefined });
    expect(new Set(made.identifier)).toEqual(new Set(KNOWN.identifier));
  });

  it("keeps a given name of two words when only the family name changes", () => {
    const made = through(KNOWN, (fields) => {
      const [name] = fields.names;
      if (name !== undefined) name.family = "李";
    });

    expect(made.name).toEqual([{ use: "official", family: "李", given: ["Mary Ann", "Eve"], period: { start: "2001" } }]);
  });

  it("takes a text for what it is", () => {
    const typed = `<img src=x onerror="alert(1)">`;
    const made = through({ resourceType: "Patient" }, (fields) => {
      const [name] = fields.names;
      if (name !== undefined) name.family = ` ${typed} `;
    });

    expect(made).toEqual({ resourceType: "Patient", name: [{ use: "official", family: typed }] });
  });

  it("gives a new record number the hospital's system", () => {
    const made = through({ resourceType: "Patient" }, (fields) => {
      fields.identifiers = [{ ...emptyIdentifier(), value: "MRN1" }];
    });

    expect(made.identifier).toEqual([{ use: "usual", type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR", display: "identifierKind.MR" }], text: "identifierKind.MR" }, system: "https://fhirserver.example/mrn", value: "MRN1" }]);
  });
});
