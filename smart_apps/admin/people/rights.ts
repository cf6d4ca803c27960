import { useMe, useRole } from "../../shared/frame/useMyApps.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { ADMINISTRATORS, OFFICERS } from "../places.ts";

/** Privacy officers and auditors know whom an event is about; administrators don't. */
export function useMayNamePatients(): boolean {
  return useRole(...OFFICERS);
}

/** Administrators change accounts, apps and keys; the others read. */
export function useMayChange(): boolean {
  return useRole(...ADMINISTRATORS);
}

/** Whether it is known yet who has signed in; at another system's server it never will be. */
export function useIsKnown(): boolean {
  const { config, session } = useSmart();
  const me = useMe();
  return me !== undefined || session.grant.iss !== config.issuer;
}
