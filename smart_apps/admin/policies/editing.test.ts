import { expect, it } from "vitest";

import { EMPTY_RULE, problemsOf, tidied } from "./editing.ts";
import type { Policy } from "./policies.ts";

const POLICY: Policy = { name: "physio", status: "active", roles: ["physio"], rules: [{ types: ["Patient"], rights: "rs" }] };

it("knows what is missing", () => {
  expect(problemsOf(POLICY)).toEqual([]);
  expect(problemsOf({ ...POLICY, name: "Physio therapist", roles: [], rules: [POLICY.rules[0] ?? EMPTY_RULE, EMPTY_RULE] })).toEqual(["name", "roles", 1]);
  expect(problemsOf({ ...POLICY, roles: [], clients: ["an-app"] })).toEqual([]);
});

it("sends nothing that is empty", () => {
  const typed: Policy = { ...POLICY, title: " Physio ", description: "", powers: [], rules: [{ name: " ", types: ["Patient"], rights: "rs", where: { everything: true }, hidden: ["photo"], changes: [], constraints: ["a = b", " "] }] };
  expect(tidied(typed)).toEqual({ name: "physio", status: "draft", title: "Physio", roles: ["physio"], rules: [{ effect: "permit", types: ["Patient"], rights: "rs", hidden: ["photo"], constraints: ["a = b"] }] });
});
