import { expect, it } from "vitest";

import { grouped, resourceScope } from "./scopes.ts";

it("takes scopes of both spellings apart", () => {
  expect(resourceScope("patient/Observation.read")).toEqual({ context: "patient", type: "Observation", rights: "rs", query: "" });
  expect(resourceScope("user/*.rs?category=laboratory")).toEqual({ context: "user", type: "*", rights: "rs", query: "category=laboratory" });
  expect(resourceScope("launch/patient")).toBeUndefined();
});

it("makes one line of what is the same for several types", () => {
  expect(grouped("openid user/Patient.rs user/Task.rs user/Task.u")).toEqual({
    resources: [{ context: "user", rights: "rs", query: "", types: ["Patient", "Task"] }, { context: "user", rights: "u", query: "", types: ["Task"] }], others: ["openid"],
  });
});
