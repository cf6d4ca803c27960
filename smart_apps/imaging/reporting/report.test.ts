import type { ImagingStudy } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { appended, isOpen, isSigned, reportOf, rewritten, textOf, writtenIn } from "./report.ts";

const STUDY: ImagingStudy = {
  resourceType: "ImagingStudy", id: "s1", status: "available", subject: { reference: "Patient/p", display: "as the file says" }, started: "2026-11-30T08:30:00Z",
  description: "Thorax pa", basedOn: [{ reference: "ServiceRequest/o" }], encounter: { reference: "Encounter/e" },
};
const BY = { reference: "Practitioner/r", display: "Dr. Röntgen" };
const AT = "2026-11-30T09:00:00Z";
const WRITTEN = { findings: "Infiltrat rechts basal. 肺炎", impression: "Pneumonia" };
const draft = reportOf(STUDY, WRITTEN, { status: "preliminary", id: "1", at: AT, by: BY });

describe("a report", () => {
  it("is of the study, its order, its stay and its patient", () =>
    expect(draft).toMatchObject({
      status: "preliminary", subject: { reference: "Patient/p" }, imagingStudy: [{ reference: "ImagingStudy/s1" }], basedOn: STUDY.basedOn, encounter: STUDY.encounter,
      effectiveDateTime: STUDY.started, issued: AT, resultsInterpreter: [BY], code: { text: "Thorax pa" }, conclusion: "Pneumonia",
    }));
  it("gives back what was written, in every script", () => expect(writtenIn(draft)).toEqual(WRITTEN));
  it("can be written on until it is signed", () => {
    const signed = rewritten({ ...draft, id: "d", meta: { versionId: "3" } }, { findings: "", impression: "No pneumonia" }, { status: "final", at: AT, by: BY });
    expect([isOpen(draft), isSigned(draft), isOpen(signed), isSigned(signed)]).toEqual([true, false, false, true]);
    expect(writtenIn(signed)).toEqual({ findings: "", impression: "No pneumonia" });
    expect(signed).toMatchObject({ id: "d", meta: { versionId: "3" } });
  });
  it("keeps what was signed when something is added, and says who added it", () => {
    const more = appended({ ...draft, status: "final" }, "Compared with 2024", { at: "2026-12-01T10:00:00Z", by: { reference: "Practitioner/x", display: "Dr. X" } });
    expect(more.status).toBe("appended");
    expect(more.conclusion).toBe("Pneumonia");
    expect(more.presentedForm?.map(textOf)).toEqual([WRITTEN.findings, "Compared with 2024"]);
    expect(more.presentedForm?.[1]?.title).toBe("Addendum, Dr. X");
    expect(more.resultsInterpreter?.map((one) => one.reference)).toEqual(["Practitioner/r", "Practitioner/x"]);
  });
});
