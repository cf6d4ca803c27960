import { describe, expect, it } from "vitest";

import { fieldAt, problemOf } from "./problem.ts";

describe("problemOf", () => {
  it("finds code, place and words", () => {
    expect(problemOf("205 MSH-10: another message came under this control id before")).toEqual({ code: "205", place: "MSH-10", text: "another message came under this control id before" });
    expect(problemOf("207 Encounter.period: the end is before the start")).toEqual({ code: "207", place: "Encounter.period", text: "the end is before the start" });
    expect(problemOf("207 Bundle.entry[3].resource.birthDate: not a date")).toMatchObject({ place: "Bundle.entry[3].resource.birthDate" });
  });

  it("leaves words that say neither", () => {
    expect(problemOf("201 no map for ADT^A77")).toEqual({ code: "201", text: "no map for ADT^A77" });
    expect(problemOf("message 8 is in its place")).toEqual({ text: "message 8 is in its place" });
    expect(problemOf("a mistake: sent twice")).toEqual({ text: "a mistake: sent twice" });
  });
});

describe("fieldAt", () => {
  it("names the field as the list does", () => {
    expect(fieldAt("OBX(2)-5(1).2")).toBe("OBX[2]-5");
    expect(fieldAt("PID(1)-3")).toBe("PID-3");
    expect(fieldAt("PID")).toBeUndefined();
    expect(fieldAt("Encounter.period")).toBeUndefined();
  });
});
