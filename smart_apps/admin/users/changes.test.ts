import { expect, it } from "vitest";

import { changesOf } from "./changes.ts";

const before = { display: "Ada", fhirUser: null, roles: ["nurse", "doctor"], clearances: ["R"] };

it("tells what was edited and nothing else", () => {
  expect(changesOf(before, { ...before, roles: ["doctor", "nurse"], display: "Ada " })).toEqual({});
  expect(changesOf(before, { ...before, roles: ["nurse"], clearances: [] })).toEqual({ roles: ["nurse"], clearances: [] });
  expect(changesOf(before, { ...before, fhirUser: "Practitioner/7", display: "Ada Nurse" })).toEqual({ fhirUser: "Practitioner/7", display: "Ada Nurse" });
});
