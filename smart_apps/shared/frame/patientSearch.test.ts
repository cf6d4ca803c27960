import { describe, expect, it } from "vitest";

import { searchOf } from "./patientSearch.ts";

/** What is searched for, without count and order. */
function asked(typed: string) {
  return Object.fromEntries(Object.entries(searchOf(typed)).filter(([name]) => !name.startsWith("_")));
}

describe("what is typed to find a patient", () => {
  it("may be a birth date, day first or as in the record", () => {
    expect(asked("14.07.1945")).toEqual({ birthdate: "1945-07-14" });
    expect(asked("1945-07-14")).toEqual({ birthdate: "1945-07-14" });
    expect(asked("07/04/1945")).toEqual({ birthdate: "1945-04-07,1945-07-04" });
  });
  it("may be a record number, as the scanner reads it", () => {
    expect(asked("MRN116642")).toEqual({ identifier: "MRN116642" });
    expect(asked(" 0004711 ")).toEqual({ identifier: "0004711" });
    expect(asked("A12")).toEqual({ identifier: "A12" });
  });
  it("may be parts of the name in any order", () => {
    expect(asked("OKAFOR, Ngozi")).toEqual({ name: ["OKAFOR", "Ngozi"] });
    expect(asked("O'Neill-Müller")).toEqual({ name: ["O'Neill-Müller"] });
  });
  it("may be a name with a digit", () => {
    expect(asked("Aaron697 Stiedemann542")).toEqual({ name: ["Aaron697", "Stiedemann542"] });
    expect(asked("Okafor Twin 2")).toEqual({ name: ["Okafor", "Twin", "2"] });
  });
  it("may be a telephone number, however it is grouped", () => {
    for (const typed of ["+1 602 555 0142", "030/1234567", "(030) 123 45 67"]) expect(asked(typed)).toEqual({ phone: typed });
    for (const typed of ["(602) 555-0142", "602-555-0142"]) expect(asked(typed)).toEqual({ phone: `${typed},+1 ${typed}` });
    expect(asked("4711 22 3345")).toEqual({ identifier: "4711 22 3345" });
  });
  it("may be a name with a birth date or a record number", () => {
    expect(asked("Okafor 1945-07-14")).toEqual({ name: ["Okafor"], birthdate: "1945-07-14" });
    expect(asked("Okafor, 14-Jul-1945")).toEqual({ name: ["Okafor"], birthdate: "1945-07-14" });
    expect(asked("Okafor MRN116642")).toEqual({ name: ["Okafor"], identifier: "MRN116642" });
  });
});
