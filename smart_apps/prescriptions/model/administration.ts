import type { MedicationAdministration, MedicationRequest } from "fhir/r4";

export interface Given {
  given: boolean;
  /** Why it was left out, or what else there is to say. */
  reason: string;
  dose?: number;
  at: string;
  /** Practitioner/1 */
  by?: string;
  /** The time of the dose that this one was, so that a second press makes no second dose. */
  dueAt?: Date;
}

const SYSTEM = "urn:fhirserver:dose";

/** What marks a dose of a prescription: the same press twice, from two phones, is one dose. */
export function doseIdentifier(request: MedicationRequest, at: string): { system: string; value: string } {
  return { system: SYSTEM, value: `${request.id ?? ""}/${at}` };
}

/** https://hl7.org/fhir/R4/medicationadministration.html */
export function administration(request: MedicationRequest, what: Given): MedicationAdministration {
  const dosage = request.dosageInstruction?.[0];
  const dose = dosage?.doseAndRate?.[0]?.doseQuantity;
  return {
    resourceType: "MedicationAdministration",
    identifier: [doseIdentifier(request, (what.dueAt ?? new Date(what.at)).toISOString())],
    status: what.given ? "completed" : "not-done",
    statusReason: what.given || what.reason === "" ? undefined : [{ text: what.reason }],
    category: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/medication-admin-category", code: request.encounter === undefined ? "outpatient" : "inpatient" }] },
    medicationCodeableConcept: request.medicationCodeableConcept,
    medicationReference: request.medicationReference,
    subject: request.subject,
    context: request.encounter,
    effectiveDateTime: what.at,
    performer: what.by === undefined ? undefined : [{ actor: { reference: what.by } }],
    request: { reference: `MedicationRequest/${request.id ?? ""}` },
    note: what.given && what.reason !== "" ? [{ text: what.reason }] : undefined,
    dosage: what.given ? { text: dosage?.text, route: dosage?.route, dose: dose === undefined ? undefined : { ...dose, value: what.dose ?? dose.value } } : undefined,
  };
}

/** Whether a scanned code is the patient's: spaces and case don't count. */
export function isSame(scanned: string, expected: string | undefined): boolean {
  const plain = (text: string) => text.replace(/[\s-]/g, "").toLocaleUpperCase();
  return expected !== undefined && plain(scanned) === plain(expected);
}
