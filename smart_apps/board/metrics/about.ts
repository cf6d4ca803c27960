import type { FhirResource } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";

/** Whom a resource of a list is about. */
export function patientOf(resource: FhirResource | undefined): string | undefined {
  switch (resource?.resourceType) {
    case "Encounter":
    case "ServiceRequest":
    case "MedicationRequest":
      return resource.subject?.reference;
    case "Task":
      return resource.for?.reference;
    case "Appointment":
      return resource.participant.find((one) => one.actor?.reference?.startsWith("Patient/") === true)?.actor?.reference;
    default:
      return undefined;
  }
}

/** What it is, in a few words. */
export function whatOf(resource: FhirResource | undefined): string {
  switch (resource?.resourceType) {
    case "Encounter":
      return words(resource.type?.[0]) || (resource.class.display ?? resource.class.code ?? "");
    case "ServiceRequest":
      return words(resource.code);
    case "MedicationRequest":
      return words(resource.medicationCodeableConcept) || (resource.medicationReference?.display ?? "");
    case "Task":
      return resource.description ?? words(resource.code);
    case "Appointment":
      return resource.description ?? words(resource.serviceType?.[0]);
    default:
      return "";
  }
}

/** When it was: from, and until where it has an end. */
export function whenOf(resource: FhirResource | undefined): { start?: string; end?: string } {
  switch (resource?.resourceType) {
    case "Encounter":
      return { start: resource.period?.start, end: resource.period?.end };
    case "ServiceRequest":
    case "MedicationRequest":
    case "Task":
      return { start: resource.authoredOn };
    case "Appointment":
      return { start: resource.start };
    default:
      return {};
  }
}
