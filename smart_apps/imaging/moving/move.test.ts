import type { ImagingStudy } from "fhir/r4";
import { expect, it, vi } from "vitest";

import type { Fhir } from "../../shared/fhir/client.ts";
import { countOf, move } from "./move.ts";

const STUDY: ImagingStudy = {
  resourceType: "ImagingStudy", id: "s", meta: { versionId: "4" }, status: "available", subject: { reference: "Patient/wrong" }, numberOfInstances: 5,
  identifier: [{ system: "urn:dicom:uid", value: "urn:oid:1.2" }], encounter: { reference: "Encounter/e" },
  series: [{ uid: "1.2.1", modality: { code: "CT" }, numberOfInstances: 2 }, { uid: "1.2.2", modality: { code: "CT" }, numberOfInstances: 3 }],
};
const REST = { study: STUDY, to: "right", reason: "113038", why: "Wrong line of the list", at: "2026-11-30T08:00:00Z" } as const;

it("counts what goes", () => expect([countOf(STUDY), countOf(STUDY, "1.2.2")]).toEqual([5, 3]));

it("moves a series by DICOMweb", async () => {
  const other = vi.fn(() => Promise.resolve({ imagingStudy: "ImagingStudy/new" }));
  const [read, update] = [vi.fn(() => Promise.resolve({ ...STUDY, id: "new" })), vi.fn((study: ImagingStudy) => Promise.resolve(study))];
  expect(await move({ other, read, update } as unknown as Fhir, "/dicom-web", { ...REST, series: "1.2.2" })).toBe("new");
  expect(update.mock.calls[0]?.[0].note).toEqual([{ text: "Wrong line of the list", time: "2026-11-30T08:00:00Z" }]);
  expect(other).toHaveBeenCalledWith("/dicom-web/studies/1.2/series/1.2.2/move", { method: "POST", body: { patient: "Patient/right", reason: "113038" } });
});

it("moves a study by its resource, without the other patient's stay, and says why", async () => {
  const patch = vi.fn(() => Promise.resolve({ ...STUDY, id: "s" }));
  expect(await move({ patch } as unknown as Fhir, "/dicom-web", REST)).toBe("s");
  expect(patch).toHaveBeenCalledWith("ImagingStudy", "s", [
    { op: "replace", path: "/subject", value: { reference: "Patient/right" } },
    { op: "add", path: "/note", value: [{ text: "Wrong line of the list", time: "2026-11-30T08:00:00Z" }] },
    { op: "remove", path: "/encounter" },
  ], "4");
});
