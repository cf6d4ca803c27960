import type { Attachment, DiagnosticReport, ImagingStudy } from "fhir/r4";

import { fromBase64, toBase64 } from "../../shared/format/base64.ts";

/** The system of the identifiers of reports that were written here. */
export const ENTRY = "https://fhirserver.example/report-entry";
const SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074";
const FINDINGS = "Findings";
const ADDENDUM = "Addendum";

export interface Written {
  findings: string;
  impression: string;
}

interface By {
  reference: string;
  display?: string;
}

/**
 * A report of a study: what was found in its presented form, the impression as its conclusion.
 * https://hl7.org/fhir/R4/diagnosticreport.html
 */
export function reportOf(study: ImagingStudy, written: Written, given: { status: "preliminary" | "final"; id: string; at: string; by?: By }): DiagnosticReport {
  const { reference } = study.subject;
  return {
    resourceType: "DiagnosticReport",
    identifier: [{ system: ENTRY, value: given.id }],
    status: given.status,
    category: [{ coding: [{ system: SECTION, code: "RAD", display: "Radiology" }] }],
    code: study.procedureCode?.[0] ?? { coding: [{ system: "http://loinc.org", code: "18748-4", display: "Diagnostic imaging study" }], ...(study.description === undefined ? {} : { text: study.description }) },
    subject: { reference },
    imagingStudy: [{ reference: `ImagingStudy/${study.id ?? ""}` }],
    ...(study.basedOn === undefined ? {} : { basedOn: study.basedOn }),
    ...(study.encounter === undefined ? {} : { encounter: study.encounter }),
    ...(study.started === undefined ? {} : { effectiveDateTime: study.started }),
    ...told(written, given),
  };
}

/** The same report with another text or as final; what else it has stays. */
export function rewritten(report: DiagnosticReport, written: Written, given: { status: "preliminary" | "final"; at: string; by?: By }): DiagnosticReport {
  const rest: DiagnosticReport = { ...report };
  delete rest.conclusion;
  delete rest.presentedForm;
  return { ...rest, status: given.status, ...told(written, given) };
}

/** The signed report with something added: what was signed stays as it is. */
export function appended(report: DiagnosticReport, text: string, given: { at: string; by?: By }): DiagnosticReport {
  const by = report.resultsInterpreter ?? [];
  const isNew = given.by !== undefined && !by.some((one) => one.reference === given.by?.reference);
  const title = given.by?.display === undefined ? ADDENDUM : `${ADDENDUM}, ${given.by.display}`;
  return {
    ...report,
    status: "appended",
    issued: given.at,
    ...(isNew && given.by !== undefined ? { resultsInterpreter: [...by, given.by] } : {}),
    presentedForm: [...(report.presentedForm ?? []), plain(text, title, given.at)],
  };
}

/** What a report that was written here says, to go on writing. */
export function writtenIn(report: DiagnosticReport): Written {
  const findings = report.presentedForm?.find((one) => one.title === FINDINGS);
  return { findings: findings === undefined ? "" : (textOf(findings) ?? ""), impression: report.conclusion ?? "" };
}

/** Whether it was written here. Others belong to the systems that sent them. */
export function isOurs(report: DiagnosticReport): boolean {
  return report.identifier?.some((one) => one.system === ENTRY) === true;
}

export function isOpen(report: DiagnosticReport): boolean {
  return isOurs(report) && report.status === "preliminary";
}

export function isSigned(report: DiagnosticReport): boolean {
  return isOurs(report) && ["final", "appended", "amended", "corrected"].includes(report.status);
}

/** The text of a form that carries it. */
export function textOf(form: Attachment): string | undefined {
  if (form.data === undefined || form.contentType?.startsWith("text/plain") !== true) return undefined;
  return new TextDecoder().decode(fromBase64(form.data));
}

function told({ findings, impression }: Written, { at, by }: { at: string; by?: By }): Partial<DiagnosticReport> {
  return {
    issued: at,
    ...(by === undefined ? {} : { resultsInterpreter: [by] }),
    ...(impression.trim() === "" ? {} : { conclusion: impression.trim() }),
    ...(findings.trim() === "" ? {} : { presentedForm: [plain(findings.trim(), FINDINGS, at)] }),
  };
}

function plain(text: string, title: string, creation: string): Attachment {
  return { contentType: "text/plain; charset=utf-8", data: toBase64(text), title, creation };
}
