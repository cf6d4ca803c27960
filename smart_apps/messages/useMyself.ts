import type { Practitioner, PractitionerRole } from "fhir/r4";
import { useMemo } from "react";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { useSearch } from "../shared/fhir/queries.ts";
import { plainName } from "../shared/format/people.ts";
import { useSmart } from "../shared/smart/context.tsx";
import type { Myself } from "./threads.ts";

/** The reader by name, and with their posts; undefined until it is known. */
export function useMyself(): Myself | undefined {
  const { session } = useSmart();
  const me = session.grant.fhirUser;
  const id = me?.startsWith("Practitioner/") === true ? me.slice("Practitioner/".length) : undefined;
  const found = useSearch<Practitioner | PractitionerRole>("Practitioner", id === undefined ? undefined : { _id: id, _revinclude: "PractitionerRole:practitioner" });
  return useMemo(() => {
    if (id !== undefined && found.data === undefined && !found.isError) return undefined;
    const roles = resourcesOf<PractitionerRole>(found.data, "PractitionerRole").filter((role) => role.active !== false);
    const person = resourcesOf<Practitioner>(found.data, "Practitioner")[0];
    return { references: [...(me === undefined ? [] : [me]), ...roles.map((role) => `PractitionerRole/${role.id ?? ""}`)], name: plainName(person?.name) };
  }, [found.data, found.isError, id, me]);
}
