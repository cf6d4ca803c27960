import type { Bundle, FhirResource, OperationOutcome } from "fhir/r4";

/** The resources of a bundle of one type; without a type, what matched a search. */
export function resourcesOf<T extends FhirResource>(bundle: Bundle | undefined, type?: T["resourceType"]): T[] {
  return (bundle?.entry ?? [])
    .filter((entry) => (type === undefined ? entry.search?.mode !== "include" && entry.search?.mode !== "outcome" : true))
    .map((entry) => entry.resource)
    .filter((resource): resource is T & FhirResource => resource !== undefined && (type === undefined || resource.resourceType === type));
}

/** Those of one type; none where there is nothing. */
export function ofType<T extends FhirResource>(resources: readonly FhirResource[] | undefined, type: T["resourceType"]): T[] {
  return (resources ?? []).filter((resource): resource is T & FhirResource => resource.resourceType === type);
}

/** The answer to one request of a batch; undefined where it failed. */
export function answerOf<T extends FhirResource>(bundle: Bundle | undefined, index: number): T | undefined {
  const entry = bundle?.entry?.[index];
  return entry?.response?.status.startsWith("2") === true ? (entry.resource as T | undefined) : undefined;
}

/** Why a request of a batch failed; undefined where it didn't. */
export function failureOf(bundle: Bundle | undefined, index: number): OperationOutcome | undefined {
  const entry = bundle?.entry?.[index];
  return entry === undefined || entry.response?.status.startsWith("2") === true
    ? undefined
    : (entry.response?.outcome as OperationOutcome | undefined);
}

export function linkOf(bundle: Bundle | undefined, relation: "next" | "previous"): string | undefined {
  return bundle?.link?.find((link) => link.relation === relation)?.url;
}

/** The id in a reference to a type: `idIn("Patient/1", "Patient")` is 1. */
export function idIn(reference: string | undefined, type: string): string | undefined {
  return new RegExp(`(?:^|/)${type}/([A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$`).exec(reference ?? "")?.[1];
}
