import type { Patient } from "fhir/r4";

import { idIn, resourcesOf } from "../../shared/fhir/bundle.ts";
import { FhirError, type Fhir, type Stored } from "../../shared/fhir/client.ts";

const LONGEST_CHAIN = 5;

/** The record that another one was merged into, as the other one says. */
export function mergedInto(patient: Patient | undefined): string | undefined {
  return idIn(patient?.link?.find((link) => link.type === "replaced-by")?.other.reference, "Patient");
}

/**
 * The record that one was merged into, where the old one isn't to be seen any more: care goes on with the other one, and so do the rights.
 */
export async function replacing(fhir: Fhir, id: string): Promise<Stored<Patient> | undefined> {
  const found = resourcesOf<Stored<Patient>>(await fhir.search<Patient>("Patient", { link: `Patient/${id}`, _count: 10 }), "Patient");
  return found.find((one) => one.link?.some((link) => link.type === "replaces" && idIn(link.other.reference, "Patient") === id));
}

/** What is stored now of a patient: after a merge the record that is used now. Raises FhirError when there is neither. */
export async function storedNow(fhir: Fhir, id: string): Promise<Stored<Patient>> {
  let patient: Stored<Patient>;
  try {
    patient = await fhir.read<Patient>("Patient", id);
  } catch (error) {
    const isHidden = error instanceof FhirError && [403, 404, 410].includes(error.status);
    const other = isHidden ? await replacing(fhir, id) : undefined;
    if (other === undefined) throw error;
    patient = other;
  }
  for (let n = 0; n < LONGEST_CHAIN; n += 1) {
    const into = mergedInto(patient);
    if (into === undefined) break;
    patient = await fhir.read<Patient>("Patient", into);
  }
  return patient;
}
