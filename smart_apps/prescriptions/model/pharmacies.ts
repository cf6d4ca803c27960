import type { MedicationRequest, Organization } from "fhir/r4";

import { addressOf, departmentSearch, ownOf } from "../../shared/fhir/departments.ts";

/** The pharmacies of the directory, and what was last prescribed for a patient: the answers to one batch. */
export function pharmacyRequests(patient: string): string[] {
  return [
    departmentSearch("pharmacy"),
    `MedicationRequest?patient=${patient}&_sort=-authoredon&_count=20`,
  ];
}

/** What stands for no pharmacy: the patient takes the prescription to one of their own choice. */
export const NONE = "none";

/** Where a new prescription is dispensed, as its form begins; undefined where somebody has to say it. */
export function usualPharmacy(pharmacies: readonly Organization[], before: readonly MedicationRequest[], isInpatient: boolean): string | undefined {
  const there = new Set(pharmacies.map(addressOf));
  const setting = isInpatient ? "inpatient" : "outpatient";
  const last = [...before]
    .sort((a, b) => (b.authoredOn ?? "").localeCompare(a.authoredOn ?? ""))
    .filter((one) => one.category?.some((kind) => kind.coding?.some((coding) => coding.code === setting)) === true)
    .map((one) => one.dispenseRequest?.performer?.reference)
    .find((reference) => reference !== undefined && there.has(reference));
  return last ?? ownOf(pharmacies);
}
