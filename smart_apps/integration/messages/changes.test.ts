import { describe, expect, it } from "vitest";

import { operationsOf } from "./changes.ts";

describe("operationsOf", () => {
  it("says what is done where", () => {
    const patch = {
      parameter: [
        { name: "operation", part: [{ name: "type", valueCode: "replace" }, { name: "path", valueString: "Patient.gender" }, { name: "value", valueCode: "female" }] },
        { name: "operation", part: [{ name: "type", valueCode: "add" }, { name: "path", valueString: "Patient" }, { name: "name", valueString: "maritalStatus" }, { name: "value", valueCodeableConcept: { text: "married" } }] },
        { name: "operation", part: [{ name: "type", valueCode: "delete" }, { name: "path", valueString: "Patient.photo[0]" }] },
      ],
    };

    expect(operationsOf(patch)).toEqual([
      { type: "replace", path: "Patient.gender", value: "female" },
      { type: "add", path: "Patient.maritalStatus", value: '{"text":"married"}' },
      { type: "delete", path: "Patient.photo[0]" },
    ]);
    expect(operationsOf(undefined)).toEqual([]);
  });
});
