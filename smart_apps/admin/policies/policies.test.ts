import { expect, it } from "vitest";

import { difference, holdingFor, rolesIn, type Held, type Policy } from "./policies.ts";
import { whereWords } from "./sentences.ts";

const policy = (name: string, more: Partial<Policy> = {}): Policy => ({ name, status: "active", roles: [name], rules: [], ...more });
const held = (inForce: Policy | null): Held => ({ name: inForce?.name ?? "none", isShipped: true, resource: null, inForce, pending: null, proposal: null, proposedBy: null });

it("knows which policies hold for whom", () => {
  const all = [held(policy("doctor")), held(policy("everyone", { roles: ["*"] })), held(policy("nurse")), held(null)];
  expect(holdingFor(all, ["doctor"]).map((one) => one.name)).toEqual(["doctor", "everyone"]);
  expect(rolesIn(all)).toEqual(["doctor", "nurse"]);
});

it("tells what a proposal adds and takes, whatever the order in which it was written", () => {
  const before = policy("a", { powers: ["break-glass"], rules: [{ types: ["Patient"], rights: "rs", where: { refers: ["owner"], to: "me" } }, { types: ["Task"], rights: "r" }] });
  const after = policy("a", { roles: ["a", "b"], rules: [{ rights: "rs", effect: "permit", types: ["Patient"], where: { to: "me", refers: ["owner"] } }, { types: ["Task"], rights: "ru" }] });
  expect(difference(before, after)).toEqual({
    added: [{ types: ["Task"], rights: "ru" }], removed: [{ types: ["Task"], rights: "r" }], powersAdded: [], powersRemoved: ["break-glass"], forAdded: ["b"], forRemoved: [],
  });
  expect(difference(null, before).added).toHaveLength(2);
});

it("says where a rule holds, with brackets where they are needed", () => {
  const t = (key: string, values: Record<string, string | number> = {}) => [key, ...Object.values(values)].join(" ");
  const join = (parts: string[], type: string) => parts.join(type === "conjunction" ? " and " : " or ");
  const said = whereWords({ all: [{ any: [{ care: ["unit", "assigned"] }, { own: true }] }, { care: ["unit", "assigned"] }, { search: "category:not=http://a|laboratory,x&status=final" }] }, t, () => undefined, join);
  expect(said).toBe("(where.care unit or assigned or where.own) and (where.care unit or assigned) and where.isnt category laboratory or x and where.is status final");
});
