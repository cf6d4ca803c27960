import type { Patient } from "fhir/r4";
import { useMemo } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { useMayNamePatients } from "./rights.ts";

/** The patients of some ids, as far as one may know who they are. */
export function usePatients(ids: readonly string[]): ReadonlyMap<string, Stored<Patient>> {
  const mayKnow = useMayNamePatients();
  const wanted = [...new Set(ids)].sort();
  const query = useSearch<Patient>("Patient", !mayKnow || wanted.length === 0 ? undefined : { _id: wanted.join(","), _count: wanted.length, _elements: "name,birthDate,identifier" });
  return useMemo(() => new Map(resourcesOf<Stored<Patient>>(query.data, "Patient").map((one) => [one.id, one])), [query.data]);
}
