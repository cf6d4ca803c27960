import type { DiagnosticReport } from "fhir/r4";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { useSmart } from "../../shared/smart/context.tsx";

const MOST = 200;

/** The reports of imaging of these patients. */
export function useReports(patients: readonly string[]) {
  const { session } = useSmart();
  const isAllowed = session.allows("DiagnosticReport", "s") && patients.length > 0;
  const asked = isAllowed
    ? { patient: [...new Set(patients)].sort().join(","), category: "http://terminology.hl7.org/CodeSystem/v2-0074|RAD,http://loinc.org|LP29684-5", _sort: "-date", _count: MOST }
    : undefined;
  const query = useSearch<DiagnosticReport>("DiagnosticReport", asked, { keep: true });
  return { query, reports: resourcesOf<DiagnosticReport>(query.data, "DiagnosticReport"), isKnown: query.data !== undefined };
}
