import type { DetectedIssue, DiagnosticReport, DocumentReference, FhirResource, Flag, ImagingStudy, Observation } from "fhir/r4";

import { words } from "../shared/format/codes.ts";
import { moment } from "../shared/format/dates.ts";
import { level, quantity } from "../shared/format/quantities.ts";

/** What may be attached. */
export type Attachable = Observation | DiagnosticReport | ImagingStudy | DocumentReference | DetectedIssue | Flag;

/** What a line says of an attachment: its name, value and time. */
export interface Line {
  title: string;
  value: string;
  at: string;
}

export function lineOf(resource: FhirResource): Line {
  switch (resource.resourceType) {
    case "Observation": {
      const flag = level(resource);
      const parts = (resource.component ?? []).map((one) => quantity(one.valueQuantity)).filter(Boolean);
      const value = quantity(resource.valueQuantity) || (resource.valueString ?? "") || words(resource.valueCodeableConcept) || parts.join(" / ");
      return { title: words(resource.code), value: [value, flag === "N" ? "" : flag].filter(Boolean).join(" "), at: moment(resource.effectiveDateTime ?? resource.effectivePeriod?.start ?? resource.issued) };
    }
    case "DiagnosticReport":
      return { title: words(resource.code), value: resource.conclusion ?? "", at: moment(resource.effectiveDateTime ?? resource.issued) };
    case "ImagingStudy":
      return { title: resource.description ?? words(resource.procedureCode?.[0]), value: (resource.modality ?? []).map((one) => one.code).join(", "), at: moment(resource.started) };
    case "DocumentReference":
      return { title: resource.description ?? (words(resource.type) || (resource.content[0]?.attachment.title ?? "")), value: "", at: moment(resource.date) };
    case "DetectedIssue":
      return { title: words(resource.code), value: resource.detail ?? "", at: moment(resource.identifiedDateTime) };
    case "Flag":
      return { title: words(resource.code), value: "", at: moment(resource.period?.start) };
    default:
      return { title: resource.resourceType, value: "", at: "" };
  }
}

/** Where an attachment is opened. */
export function addressOf(reference: string, patientId: string | undefined, apps: readonly string[]): string | undefined {
  const [type, id] = reference.split("/");
  if (type === "ImagingStudy" && id !== undefined && apps.includes("imaging")) return `/apps/imaging/studies/${id}`;
  return patientId !== undefined && apps.includes("chart") ? `/apps/chart/patients/${patientId}` : undefined;
}

/** References in an address: `attach=Observation/1,ImagingStudy/2`; what isn't one is passed over. */
export function referencesIn(values: readonly string[]): string[] {
  const all = values.flatMap((value) => value.split(",")).map((one) => one.trim());
  return [...new Set(all.filter((one) => /^(Observation|DiagnosticReport|ImagingStudy|DocumentReference|DetectedIssue|Flag)\/[A-Za-z0-9.-]{1,64}$/.test(one)))];
}
