import { describe, expect, it } from "vitest";

import { typedDate } from "./typedDate.ts";

const TODAY = new Date("2026-11-30T12:00:00Z");
const datesOf = (typed: string) => typedDate(typed, TODAY).dates;

describe("a birth date that somebody types", () => {
  it("is one, however it is written", () => {
    for (const typed of ["1945-07-14", "1945/7/14", "14.07.1945", "14.7.1945", "14-07-1945", "14/07/1945", "07/14/1945", "14-Jul-1945", "14 July 1945", "14. Juli 1945", "July 14, 1945", "14.07.45"]) {
      expect([typed, ...datesOf(typed)]).toEqual([typed, "1945-07-14"]);
    }
  });

  it("may be two, where it can't be told which", () => {
    expect(datesOf("07/04/1945")).toEqual(["1945-04-07", "1945-07-04"]);
    expect(datesOf("07.04.1945")).toEqual(["1945-04-07"]);
    expect(datesOf("03.05.20")).toEqual(["2020-05-03", "1920-05-03"]);
  });

  it("isn't what no calendar has, nor a part of a number", () => {
    for (const typed of ["31.02.1945", "1945-13-01", "MRN116642", "4711-22-3345", "602-555-0142", "14 Okafor 1945", "1945"]) expect([typed, ...datesOf(typed)]).toEqual([typed]);
  });

  it("leaves what else was typed", () => {
    expect(typedDate("OKAFOR, 14-Jul-1945", TODAY)).toEqual({ dates: ["1945-07-14"], rest: "OKAFOR" });
    expect(typedDate("Ngozi 1945-07-14 Okafor", TODAY).rest).toBe("Ngozi Okafor");
  });
});
