import { expect, it } from "vitest";

import { becauseOf, explanationOf, type Step } from "./explanation.ts";

const step = (kind: string, holds: boolean, policy?: string): Step => ({ kind, holds, policy, rule: undefined, text: kind });

it("reads the answer of the operation", () => {
  expect(explanationOf({ resourceType: "Parameters", parameter: [
    { name: "allowed", valueBoolean: true },
    { name: "step", part: [{ name: "kind", valueCode: "permit" }, { name: "policy", valueString: "doctor" }, { name: "rule", valueString: "Images" }, { name: "holds", valueBoolean: true }, { name: "text", valueString: "permit when always" }] },
  ] })).toEqual({ isAllowed: true, steps: [{ kind: "permit", policy: "doctor", rule: "Images", holds: true, text: "permit when always" }] });
});

it("names what decided", () => {
  const why = (isAllowed: boolean, steps: Step[], isActive = true) => becauseOf({ isAllowed, steps }, isActive).why;
  expect(why(true, [step("permit", false), step("permit", true, "b")])).toBe("permit");
  expect(why(true, [step("permit", false), step("emergency", true)])).toBe("emergency");
  expect(why(false, [step("permit", true), step("deny", true), step("label", false)])).toBe("deny");
  expect(why(false, [step("permit", true), step("label", true), step("consent", false)])).toBe("consent");
  expect(why(false, [step("permit", false), step("label", false)])).toBe("none");
  expect(why(false, [step("permit", true)], false)).toBe("disabled");
});
