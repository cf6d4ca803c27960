import { expect, it } from "vitest";

import { conditionsOf, EMPTY, isWhole, whereOf } from "./conditions.ts";
import type { Where } from "./policies.ts";

const SIMPLE: Where[] = [
  { own: true }, { self: true }, { unit: true }, { unowned: true }, { care: ["treatment", "unit"] }, { refers: ["sender"], to: "units" },
  { search: "category=laboratory&status:not=draft" }, { labels: ["http://a|R"] }, { ids: ["a", "b"] }, { not: { own: true } },
  { all: [{ care: ["assigned"] }, { not: { search: "status=final" } }] }, { any: [{ own: true }, { unowned: true }] },
];

it("comes back from the form as it went there", () => {
  for (const where of SIMPLE) {
    const found = conditionsOf(where);
    expect(found === undefined ? undefined : whereOf(found)).toEqual(where);
  }
});

it("has no conditions for everything", () => {
  expect(conditionsOf(undefined)).toEqual({ join: "all", parts: [] });
  expect(conditionsOf({ everything: true })).toEqual({ join: "all", parts: [] });
  expect(whereOf({ join: "any", parts: [] })).toBeUndefined();
});

it("leaves what is nested to those who write JSON", () => {
  expect(conditionsOf({ all: [{ any: [{ own: true }, { unit: true }] }, { unowned: true }] })).toBeUndefined();
  expect(conditionsOf({ not: { all: [{ own: true }] } })).toBeUndefined();
});

it("knows a condition that says nothing yet", () => {
  expect(isWhole(EMPTY)).toBe(true);
  expect(isWhole({ ...EMPTY, care: [] })).toBe(false);
  expect(isWhole({ ...EMPTY, kind: "search", text: " " })).toBe(false);
  expect(isWhole({ ...EMPTY, kind: "refers" })).toBe(false);
  expect(isWhole({ ...EMPTY, kind: "own" })).toBe(true);
});
