import type { Bundle, FhirResource } from "fhir/r4";

import { linkOf } from "../shared/fhir/bundle.ts";
import type { Fhir, Parameters } from "../shared/fhir/client.ts";

const MOST_PAGES = 40;

/** All pages of a search as one bundle; `isCut` when there were more than forty. */
export async function everyPage<T extends FhirResource = FhirResource>(fhir: Fhir, type: string, parameters: Parameters): Promise<Bundle<T> & { isCut: boolean }> {
  let page = await fhir.search<T>(type, { _count: 250, ...parameters });
  const entry = [...(page.entry ?? [])];
  let next = linkOf(page, "next");
  for (let n = 1; next !== undefined && n < MOST_PAGES; n += 1) {
    page = await fhir.page<T>(next);
    entry.push(...(page.entry ?? []));
    next = linkOf(page, "next");
  }
  return { ...page, entry, isCut: next !== undefined };
}
