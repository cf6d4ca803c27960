import { describe, expect, it } from "vitest";

import { errorsOf } from "./checks.ts";
import { emptyTelecom, fieldsOf, type Fields } from "./fields.ts";

const typed = (more: Partial<Fields>): Fields => ({ ...fieldsOf({ resourceType: "Patient", name: [{ family: "李" }], gender: "female" }), ...more });

describe("what is checked of a patient", () => {
  it("is a name in any script and the sex", () => {
    expect(errorsOf(fieldsOf())).toEqual({ names: "required", gender: "required" });
    expect(errorsOf(typed({}))).toEqual({});
  });

  it.each([["1945", undefined], ["1945-07", undefined], ["1945-07-14", undefined], ["1945-13", "birthWrong"], ["45", "birthWrong"], ["1745-01-01", "birthWrong"], ["2031-01-01", "birthFuture"]])(
    "is the birth date as far as it is known: %s", (birthDate, error) => {
      expect(errorsOf(typed({ birthDate }), "2026-11-30").birthDate).toBe(error);
    },
  );

  it("is that an address of mail is one", () => {
    const row = { ...emptyTelecom("email"), value: "nobody" };

    expect(errorsOf(typed({ telecoms: [row] }))).toEqual({ [row.key]: "emailWrong" });
  });
});
