import type { Annotation, ImagingStudy } from "fhir/r4";

import { FhirError, Unreachable, type Fhir } from "../../shared/fhir/client.ts";
import { uidOf } from "../studies/studies.ts";

/** Why images leave a record: PS3.16 CID 7011. */
export const REASONS = ["113038", "113037"] as const;
export type Reason = (typeof REASONS)[number];

export interface Move {
  study: ImagingStudy;
  /** The series that is somebody else's; the whole study where it isn't said. */
  series?: string;
  /** The id of the Patient whose images they are. */
  to: string;
  reason: Reason;
  /** Why, for who looks at the study later. */
  why: string;
  at: string;
  by?: { reference: string; display?: string };
}

/** How many images go: of the series, or of the study. */
export function countOf(study: ImagingStudy, series?: string): number {
  const one = study.series?.find((each) => each.uid === series);
  return (series === undefined ? study.numberOfInstances : one?.numberOfInstances) ?? 0;
}

/**
 * Moves a series by DICOMweb, where it becomes a new study of the other patient, and a whole study by its ImagingStudy.
 *
 * Gives the id of the study where the images are now, if that is known yet. Raises FhirError.
 */
export async function move(fhir: Fhir, dicomweb: string, asked: Move): Promise<string | undefined> {
  const { study, series, to, reason, why, at, by } = asked;
  const note: Annotation = { text: why, time: at, ...(by === undefined ? {} : { authorReference: by }) };
  if (series !== undefined) {
    const address = `${dicomweb}/studies/${uidOf(study) ?? ""}/series/${series}/move`;
    const made = await fhir.other<{ imagingStudy?: string }>(address, { method: "POST", body: { patient: `Patient/${to}`, reason } });
    const id = made.imagingStudy?.replace(/^ImagingStudy\//, "");
    if (id !== undefined) await noted(fhir, id, note);
    return id;
  }
  const changed = await fhir.patch<ImagingStudy>("ImagingStudy", study.id ?? "", [
    { op: "replace", path: "/subject", value: { reference: `Patient/${to}` } },
    study.note === undefined ? { op: "add", path: "/note", value: [note] } : { op: "add", path: "/note/-", value: note },
    // The stay and the order were those of the other patient.
    ...(study.encounter === undefined ? [] : [{ op: "remove", path: "/encounter" }]),
    ...(study.basedOn === undefined ? [] : [{ op: "remove", path: "/basedOn" }]),
  ], study.meta?.versionId);
  return changed.id;
}

/** Says in the new study how it is known; the images are where they belong even if that can't be written. */
async function noted(fhir: Fhir, id: string, note: Annotation): Promise<void> {
  try {
    const made = await fhir.read<ImagingStudy>("ImagingStudy", id);
    await fhir.update({ ...made, note: [...(made.note ?? []), note] });
  } catch (error) {
    if (!(error instanceof FhirError || error instanceof Unreachable)) throw error;
  }
}
