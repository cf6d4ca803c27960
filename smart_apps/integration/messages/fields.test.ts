import type { Patient } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { elementName, fieldName, isOf, linesOf, segmentsOf } from "./fields.ts";

const PATIENT: Patient = { resourceType: "Patient", id: "1", active: true, name: [{ family: "Doe", given: ["Jane", "Ann"] }] };

describe("fields of a message", () => {
  it("are gathered by segment, each repetition by itself", () => {
    const fields = ["PID-3", "PID-5", "NK1-2", "NK1[2]-2"].map((position) => ({ position, value: "x", made: [] }));

    expect(segmentsOf(fields).map(({ where, name, fields: of }) => [where, name, of.length])).toEqual([["PID", "PID", 2], ["NK1", "NK1", 1], ["NK1[2]", "NK1", 1]]);
  });

  it("have the standard's names", () => {
    expect(fieldName("PATIENT_NAME")).toBe("Patient name");
    expect(fieldName("PATIENT_ID")).toBe("Patient ID");
    expect(fieldName("SET_ID_DG1")).toBe("Set ID DG1");
    expect(fieldName(undefined)).toBe("");
  });

  it("are told by the element that they became", () => {
    expect(elementName("Patient/1", "name[1].family", { "Patient/1": PATIENT })).toBe("Patient.name.family");
    expect(elementName("urn:uuid:1", "", { "urn:uuid:1": PATIENT })).toBe("Patient");
  });
});

describe("linesOf", () => {
  it("has a line for each value", () => {
    expect(linesOf(PATIENT)).toEqual([
      { path: "active", value: "true" },
      { path: "name[0].family", value: "Doe" },
      { path: "name[0].given[0]", value: "Jane" },
      { path: "name[0].given[1]", value: "Ann" },
    ]);
  });

  it("knows which are of an element", () => {
    expect(linesOf(PATIENT).filter((line) => isOf(line, "name[1]")).length).toBe(3);
    expect(isOf({ path: "names", value: "" }, "name")).toBe(false);
  });
});
