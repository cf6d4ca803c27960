import type { DiagnosticReport, ImagingStudy } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";
import { words } from "../../shared/format/codes.ts";
import { isInError } from "../../shared/format/inError.ts";

/** Modalities of what was made from images, not of images. */
const DERIVED = new Set(["SR", "KO", "PR", "SEG", "RTSTRUCT", "RWV", "REG", "FID", "DOC"]);
const UID = "urn:dicom:uid";
const ACCESSION = "ACSN";

/** Study Instance UID. */
export function uidOf(study: ImagingStudy): string | undefined {
  return study.identifier?.find((one) => one.system === UID)?.value?.replace(/^urn:oid:/, "");
}

export function accessionOf(study: ImagingStudy): string | undefined {
  return study.identifier?.find((one) => one.type?.coding?.some((coding) => coding.code === ACCESSION) === true)?.value;
}

/** CT, MR…: images first, and what was made from them only when there is nothing else. */
export function modalitiesOf(study: ImagingStudy): string[] {
  const all = [...new Set((study.modality ?? []).map((one) => one.code).filter((code) => code !== undefined))];
  const images = all.filter((code) => !DERIVED.has(code));
  return images.length > 0 ? images : all;
}

export function titleOf(study: ImagingStudy): string | undefined {
  const procedure = study.procedureCode?.map(words).find((one) => one !== "");
  const series = study.series?.map((one) => one.description).find((one) => one !== undefined);
  return study.description ?? procedure ?? series;
}

export function patientOf(study: ImagingStudy): string | undefined {
  return idIn(study.subject.reference, "Patient");
}

/** Whether there are images to look at: an endpoint says that they are kept where they can be had. */
export function isShown(study: ImagingStudy): boolean {
  return study.status === "available" && (study.endpoint ?? []).length > 0 && (study.numberOfInstances ?? 0) > 0 && uidOf(study) !== undefined;
}

export type ReportState = "none" | "preliminary" | "final" | "amended";

/** Measurements that nobody has verified: no report of what was found. */
function isMeasured(report: DiagnosticReport): boolean {
  const isIt = report.code.coding?.some((one) => one.code === "126000" && one.system?.endsWith("/DCM") === true) === true;
  return isIt && ["preliminary", "partial"].includes(report.status);
}

/** The reports of a study: those that name it, and those of its order. Newest first, without what was entered in error. */
export function reportsOf(study: ImagingStudy, reports: readonly DiagnosticReport[]): DiagnosticReport[] {
  return allOf(study, reports).filter((report) => !isInError(report));
}

/** Reports of a study that were withdrawn: they are shown as such, and count for nothing. */
export function withdrawnOf(study: ImagingStudy, reports: readonly DiagnosticReport[]): DiagnosticReport[] {
  return allOf(study, reports).filter(isInError);
}

function allOf(study: ImagingStudy, reports: readonly DiagnosticReport[]): DiagnosticReport[] {
  const orders = new Set((study.basedOn ?? []).map((one) => idIn(one.reference, "ServiceRequest")).filter((id) => id !== undefined));
  const isOf = (report: DiagnosticReport) =>
    report.imagingStudy?.some((one) => idIn(one.reference, "ImagingStudy") === study.id) === true ||
    report.basedOn?.some((one) => orders.has(idIn(one.reference, "ServiceRequest") ?? "")) === true;
  return reports
    .filter((report) => report.status !== "cancelled" && !isMeasured(report) && isOf(report))
    .sort((a, b) => (b.issued ?? b.effectiveDateTime ?? "").localeCompare(a.issued ?? a.effectiveDateTime ?? ""));
}

/** How far the report has come; the newest counts. */
export function reportState(reports: readonly DiagnosticReport[]): ReportState {
  const [newest] = reports;
  if (newest === undefined) return "none";
  if (newest.status === "final") return "final";
  return ["amended", "corrected", "appended"].includes(newest.status) ? "amended" : "preliminary";
}

/** The study to put beside another one: the last before it of the same modality, of the same region if that is said. */
export function priorOf(study: ImagingStudy, all: readonly ImagingStudy[]): ImagingStudy | undefined {
  return priorsOf(study, all).find((one) => modalitiesOf(one).some((code) => modalitiesOf(study).includes(code)));
}

/** The other studies of the patient that can be put beside this one; newest first. */
export function priorsOf(study: ImagingStudy, all: readonly ImagingStudy[]): ImagingStudy[] {
  const others = all.filter((one) => one.id !== study.id && isShown(one));
  const isBefore = (one: ImagingStudy) => (one.started ?? "") <= (study.started ?? "9");
  return [...others.filter(isBefore), ...others.filter((one) => !isBefore(one))].sort(
    (a, b) => Number(isBefore(b)) - Number(isBefore(a)) || (b.started ?? "").localeCompare(a.started ?? ""),
  );
}
