import type { DiagnosticReport } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { isInError, withdrawalOf, withdrawn } from "./inError.ts";

const report: DiagnosticReport = { resourceType: "DiagnosticReport", id: "r", status: "final", code: { text: "Chest" }, conclusion: "Pneumonia", extension: [{ url: "https://a.example", valueString: "kept" }] };
const why = { reason: "  Of another patient. 別人 ", at: "2026-11-30T03:00:00-07:00", by: { reference: "Practitioner/1", display: "Dr. Röntgen" } };

describe("what was entered in error", () => {
  it("keeps what it says, and says who withdrew it and why", () => {
    const wrong = withdrawn(report, why);
    expect([isInError(report), isInError(wrong), wrong.conclusion, wrong.extension?.length]).toEqual([false, true, "Pneumonia", 2]);
    expect(withdrawalOf(wrong)).toEqual({ ...why, reason: "Of another patient. 別人" });
  });
  it("says it once, however often it is said", () => {
    expect(withdrawn(withdrawn(report, why), { ...why, reason: "Wrong side" }).extension?.length).toBe(2);
  });
  it("may have been withdrawn elsewhere, without a word", () => expect(withdrawalOf({ ...report, status: "entered-in-error" } as DiagnosticReport)).toBeUndefined());
});
