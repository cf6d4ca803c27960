import type { Patient } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { merge } from "./threeWay.ts";

const BASE: Patient = {
  resourceType: "Patient",
  id: "1",
  meta: { versionId: "1" },
  name: [{ use: "official", family: "Okafor", given: ["Ngozi"] }],
  birthDate: "1945-07-14",
  telecom: [{ system: "phone", use: "mobile", value: "1" }, { system: "email", value: "a@b.example" }],
};
const theirs = (more: Partial<Patient>): Patient => ({ ...BASE, meta: { versionId: "2" }, ...more });

describe("two edits of a patient", () => {
  it("ask for nothing when they are about different parts of one list", () => {
    const made = merge(
      BASE,
      { ...BASE, telecom: [{ system: "phone", use: "mobile", value: "2" }, { system: "email", value: "a@b.example" }] },
      theirs({ telecom: [{ system: "phone", use: "mobile", value: "1" }, { system: "email", value: "c@d.example" }, { system: "fax", value: "9" }] }),
    );

    expect(made.asked).toEqual([]);
    expect(made.mine.map((one) => one.key)).toEqual(["telecom/0"]);
    expect(made.merged({}).telecom?.map((one) => one.value)).toEqual(["2", "c@d.example", "9"]);
  });

  it("ask for what both have changed, and keep what wasn't chosen out", () => {
    const made = merge(BASE, { ...BASE, birthDate: "1945-07-15" }, theirs({ birthDate: "1954-07-14" }));

    expect(made.asked.map((one) => one.element)).toEqual(["birthDate"]);
    expect(made.merged({ "birthDate/0": "mine" }).birthDate).toBe("1945-07-15");
    expect(made.merged({ "birthDate/0": "theirs" }).birthDate).toBe("1954-07-14");
  });

  it("ask when one has changed what the other has removed", () => {
    const made = merge(BASE, { ...BASE, telecom: BASE.telecom?.slice(1) }, theirs({ telecom: [{ system: "phone", use: "mobile", value: "3" }, ...(BASE.telecom?.slice(1) ?? [])] }));

    expect(made.asked.map((one) => one.key)).toEqual(["telecom/0"]);
    expect(made.merged({ "telecom/0": "mine" }).telecom?.map((one) => one.value)).toEqual(["a@b.example"]);
  });

  it("make one of two that say the same", () => {
    const added = { system: "phone" as const, use: "work" as const, value: "7" };
    const made = merge(BASE, { ...BASE, telecom: [...(BASE.telecom ?? []), added] }, theirs({ telecom: [...(BASE.telecom ?? []), { ...added }] }));

    expect(made.asked).toEqual([]);
    expect(made.merged({}).telecom?.map((one) => one.value)).toEqual(["1", "a@b.example", "7"]);
  });

  it("leave what the form doesn't know as it is stored", () => {
    const made = merge(BASE, { ...BASE, gender: "female" }, theirs({ maritalStatus: { text: "married" } }));

    expect(made.merged({})).toMatchObject({ maritalStatus: { text: "married" }, gender: "female", meta: { versionId: "2" } });
  });
});
