import { useQuery } from "@tanstack/react-query";

import type { AppDescription } from "../smart/config.ts";
import { useSmart } from "../smart/context.tsx";

/** Who has signed in, as the server that serves these apps says. */
export interface Me {
  /** Of the account. */
  id: string;
  name: string;
  fhirUser: string | null;
  roles: string[];
}

/** Who has signed in; nothing at another system's server. */
export function useMe(): Me | undefined {
  const { config, fhir, session } = useSmart();
  const isOurs = session.grant.iss === config.issuer;
  return useQuery({
    queryKey: ["me", [], session.grant.iss, session.grant.fhirUser],
    queryFn: () => fhir.other<Me>("/apps/me.json"),
    enabled: isOurs,
    staleTime: Infinity,
  }).data;
}

/** Whether who has signed in has one of these roles; unknown roles, as at another system's server, count as all. */
export function useRole(...roles: string[]): boolean {
  const me = useMe();
  const { config, session } = useSmart();
  return session.grant.iss !== config.issuer || me?.roles.some((role) => roles.includes(role)) === true;
}

/** The apps for the roles of who has signed in, in the launcher's order. */
export function useMyApps(): AppDescription[] {
  const { config } = useSmart();
  const me = useMe();
  return config.apps
    .filter((app) => app.roles.length === 0 || app.roles.some((role) => me?.roles.includes(role)))
    .sort((a, b) => a.order - b.order);
}
