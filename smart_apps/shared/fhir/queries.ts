import { useMutation, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import type { Bundle, FhirResource } from "fhir/r4";

import { useSmart } from "../smart/context.tsx";
import { queryOf, type Fhir, type Parameters, type Stored } from "./client.ts";

/** The types whose changes make an answer old; live updates read it again. */
type About = readonly string[];

/** A resource by its id; nothing is asked while there is no id. */
export function useRead<T extends FhirResource>(type: T["resourceType"], id: string | undefined): UseQueryResult<Stored<T>> {
  const { fhir, key } = useSmart();
  return useQuery({
    queryKey: key([type], "read", type, id),
    queryFn: () => fhir.read<T>(type, id ?? ""),
    enabled: id !== undefined,
  });
}

/** A search; nothing is asked while `parameters` is undefined. */
export function useSearch<T extends FhirResource>(
  type: T["resourceType"],
  parameters: Parameters | undefined,
  options: { about?: About; keep?: boolean } = {},
): UseQueryResult<Bundle<T>> {
  const { fhir, key } = useSmart();
  return useQuery({
    queryKey: key([type, ...(options.about ?? [])], "search", type, queryOf(parameters ?? {})),
    queryFn: () => fhir.search<T>(type, parameters ?? {}),
    enabled: parameters !== undefined,
    placeholderData: options.keep === true ? (before: Bundle<T> | undefined) => before : undefined,
  });
}

/** Several reads and searches in one request. */
export function useBatch(requests: readonly string[] | undefined, about: About): UseQueryResult<Bundle> {
  const { fhir, key } = useSmart();
  return useQuery({
    queryKey: key(about, "batch", ...(requests ?? [])),
    queryFn: () => fhir.batch(requests ?? []),
    enabled: requests !== undefined,
  });
}

/** Any other question: an operation, a table. */
export function useAsk<T>(about: About, name: readonly unknown[] | undefined, ask: (fhir: Fhir) => Promise<T>): UseQueryResult<T> {
  const { fhir, key } = useSmart();
  return useQuery({ queryKey: key(about, ...(name ?? [])), queryFn: () => ask(fhir), enabled: name !== undefined });
}

/** A change: what is shown about `types` is read again when it is done. */
export function useChange<Given, Made>(types: About, change: (fhir: Fhir, given: Given) => Promise<Made>) {
  const { fhir } = useSmart();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (given: Given) => change(fhir, given),
    onSettled: () => queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, types) }),
  });
}

/** Whether an answer may be old after changes of these types. */
export function isAbout(queryKey: readonly unknown[], types: About): boolean {
  const about = queryKey[1];
  return Array.isArray(about) && (about as string[]).some((type) => types.includes(type));
}
