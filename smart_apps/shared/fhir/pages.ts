import type { FhirResource } from "fhir/r4";

import { linkOf } from "./bundle.ts";
import type { Fhir, Parameters } from "./client.ts";

export interface Found<T> {
  resources: T[];
  /** There is more than was asked for: say so, or a list would be taken for whole. */
  isCut: boolean;
}

/** All pages of a search up to a number of pages; what is included comes with the matches. */
export async function allPages<T extends FhirResource>(fhir: Fhir, type: string, parameters: Parameters, mostPages = 10): Promise<Found<T>> {
  const resources: T[] = [];
  let page = await fhir.search<T>(type, parameters);
  for (let n = 1; ; n += 1) {
    resources.push(...(page.entry ?? []).flatMap((entry) => (entry.resource === undefined || entry.search?.mode === "outcome" ? [] : [entry.resource])));
    const next = linkOf(page, "next");
    if (next === undefined) return { resources, isCut: false };
    if (n >= mostPages) return { resources, isCut: true };
    page = await fhir.page<T>(next);
  }
}

