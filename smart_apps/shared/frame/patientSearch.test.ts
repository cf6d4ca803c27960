import { describe, expect, it } from "vitest";

import { searchOf } from "./patientSearch.ts";

describe("what is typed to find a patient", () => {
  it("may be a birth date, day first or as in the record", () => {
    expect(searchOf("14.07.1945")).toMatchObject({ birthdate: "1945-07-14" });
    expect(searchOf("1945-07-14")).toMatchObject({ birthdate: "1945-07-14" });
  });
  it("may be a record number, as the scanner reads it", () => expect(searchOf("MRN116642")).toMatchObject({ identifier: "MRN116642" }));
  it("may be parts of the name in any order", () => expect(searchOf("OKAFOR, Ngozi")).toMatchObject({ name: ["OKAFOR", "Ngozi"] }));
  it("may be a name with a birth date", () => expect(searchOf("Okafor 1945-07-14")).toMatchObject({ name: ["Okafor"], birthdate: "1945-07-14" }));
});
