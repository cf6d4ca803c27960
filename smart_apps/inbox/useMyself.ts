import type { PractitionerRole } from "fhir/r4";
import { useMemo } from "react";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { useSearch } from "../shared/fhir/queries.ts";
import { useSmart } from "../shared/smart/context.tsx";

/** The reader as resources name them: themselves, their posts and their departments. */
export function useMyself(): readonly string[] {
  const { session } = useSmart();
  const me = session.grant.fhirUser;
  const roles = useSearch<PractitionerRole>("PractitionerRole", me?.startsWith("Practitioner/") === true ? { practitioner: me, active: true, _count: 50 } : undefined);
  return useMemo(() => {
    const found = resourcesOf<PractitionerRole>(roles.data, "PractitionerRole");
    const all = [me, ...found.flatMap((role) => [`PractitionerRole/${role.id ?? ""}`, role.organization?.reference])];
    return [...new Set(all.filter((one) => one !== undefined))];
  }, [me, roles.data]);
}
