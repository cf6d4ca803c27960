import { useInfiniteQuery } from "@tanstack/react-query";
import type { Bundle, FhirResource } from "fhir/r4";

import { linkOf, resourcesOf } from "./bundle.ts";
import { queryOf, type Parameters } from "./client.ts";
import { useSmart } from "../smart/context.tsx";

/** A search whose further pages are read when they are asked for. */
export function usePages<T extends FhirResource>(type: T["resourceType"], parameters: Parameters) {
  const { fhir, key } = useSmart();
  const query = useInfiniteQuery({
    queryKey: key([type], "pages", type, queryOf(parameters)),
    queryFn: ({ pageParam }) => (pageParam === "" ? fhir.search<T>(type, parameters) : fhir.page<T>(pageParam)),
    initialPageParam: "",
    getNextPageParam: (page: Bundle<T>) => linkOf(page, "next"),
  });
  return { query, all: (query.data?.pages ?? []).flatMap((page) => resourcesOf<T>(page, type)) };
}
