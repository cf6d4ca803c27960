import type { DiagnosticReport, ImagingStudy } from "fhir/r4";
import { expect, it } from "vitest";

import { isShown, modalitiesOf, priorOf, reportsOf, reportState, uidOf } from "./studies.ts";

function study(id: string, started: string, modality: string, more: Partial<ImagingStudy> = {}): ImagingStudy {
  return {
    resourceType: "ImagingStudy", id, status: "available", started, subject: { reference: "Patient/1" }, modality: [{ code: "SR" }, { code: modality }],
    identifier: [{ system: "urn:dicom:uid", value: `urn:oid:1.${id}` }], numberOfInstances: 1, endpoint: [{ reference: "Endpoint/dicom-web" }], ...more,
  };
}
const report = (more: Partial<DiagnosticReport>): DiagnosticReport => ({ resourceType: "DiagnosticReport", status: "final", code: {}, ...more });

it("names the images' modality before what was made from them", () => {
  expect(modalitiesOf(study("1", "2026-01-01", "CT"))).toEqual(["CT"]);
  expect(modalitiesOf({ ...study("1", "2026-01-01", "SR") })).toEqual(["SR"]);
  expect(uidOf(study("7", "2026-01-01", "CT"))).toBe("1.7");
});

it("shows images where an endpoint has them", () => {
  expect(isShown(study("1", "2026-01-01", "CT"))).toBe(true);
  expect(isShown(study("1", "2026-01-01", "CT", { endpoint: undefined }))).toBe(false);
  expect(isShown(study("1", "2026-01-01", "CT", { status: "cancelled" }))).toBe(false);
});

it("finds reports that name the study, and those of its order; the newest counts", () => {
  const one = study("1", "2026-01-01", "CT", { basedOn: [{ reference: "ServiceRequest/9" }] });
  const all = [
    report({ id: "a", issued: "2026-01-01T10:00:00Z", imagingStudy: [{ reference: "ImagingStudy/1" }], status: "preliminary" }),
    report({ id: "b", issued: "2026-01-02T10:00:00Z", basedOn: [{ reference: "ServiceRequest/9" }], status: "amended" }),
    report({ id: "c", imagingStudy: [{ reference: "ImagingStudy/2" }] }),
    report({ id: "d", imagingStudy: [{ reference: "ImagingStudy/1" }], status: "entered-in-error" }),
  ];

  expect(reportsOf(one, all).map((found) => found.id)).toEqual(["b", "a"]);
  expect(reportState(reportsOf(one, all))).toBe("amended");
  expect(reportState([])).toBe("none");
});

it("puts the last study of the same modality beside a study, not a later one", () => {
  const now = study("now", "2026-05-01", "CT");
  const all = [now, study("later", "2026-06-01", "CT"), study("mr", "2026-04-01", "MR"), study("old", "2025-01-01", "CT"), study("older", "2024-01-01", "CT")];

  expect(priorOf(now, all)?.id).toBe("old");
  expect(priorOf(study("mr", "2020-01-01", "US"), all)).toBeUndefined();
});
