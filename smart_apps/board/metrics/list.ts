import type { Bundle, FhirResource, List, MeasureReport, Quantity, Resource } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";
import type { Grouping } from "./report.ts";

const FACT = "https://fhirserver.example/StructureDefinition/measure-fact";

/** Something that counted: a stay, an order, a task, an appointment. */
export interface Fact {
  reference: string;
  day?: string;
  ward?: string;
  clinician?: string;
  value?: Quantity;
}

/** What a subject-list is made of; of a proportion the numerator, or with `isWhole` all of it. */
export function factsIn(report: MeasureReport, isWhole = false): Fact[] {
  const lists = (report.contained ?? []).filter((one): one is List => one.resourceType === "List");
  const list = lists.find((one) => one.id === (isWhole ? "denominator" : "numerator")) ?? lists[0];
  return (list?.entry ?? []).map((entry) => {
    const told = entry.extension?.find((one) => one.url === FACT)?.extension ?? [];
    const part = (name: string) => told.find((one) => one.url === name);
    return {
      reference: entry.item.reference ?? "",
      day: part("day")?.valueDate,
      ward: part("ward")?.valueReference?.reference,
      clinician: part("clinician")?.valueReference?.reference,
      value: part("value")?.valueQuantity,
    };
  });
}

/** Those of a group; a stay that counted on several days is listed once, with the days' first facts. */
export function listed(facts: readonly Fact[], by: Grouping | undefined, key: string | undefined): Fact[] {
  const of = by === undefined ? facts : facts.filter((fact) => (fact[by] ?? "") === key);
  const seen = new Set<string>();
  return of.filter((fact) => !seen.has(fact.reference) && seen.add(fact.reference));
}

/** Whom each type is about: the parameter that includes the patient. */
const ABOUT: Record<string, string> = {
  Encounter: "Encounter:subject", ServiceRequest: "ServiceRequest:subject", Task: "Task:patient", Appointment: "Appointment:patient", MedicationRequest: "MedicationRequest:subject",
};

/** The resources of a page of the list, with their patients, by their references. */
export async function resourcesFor(fhir: Fhir, facts: readonly Fact[]): Promise<Map<string, FhirResource>> {
  const byType = new Map<string, string[]>();
  for (const fact of facts) {
    const [type = "", id = ""] = fact.reference.split("/");
    byType.set(type, [...(byType.get(type) ?? []), id]);
  }
  const found = new Map<string, FhirResource>();
  for (const [type, ids] of byType) {
    const page: Bundle = await fhir.search(type, { _id: ids.join(","), _count: ids.length, _include: ABOUT[type] });
    for (const entry of page.entry ?? []) {
      const resource = entry.resource as (FhirResource & Resource) | undefined;
      if (resource?.id !== undefined) found.set(`${resource.resourceType}/${resource.id}`, resource);
    }
  }
  return found;
}
