import { useMe } from "../../shared/frame/useMyApps.ts";
import { useSmart } from "../../shared/smart/context.tsx";

/**
 * What of a patient's details one may change: all, the ways to reach somebody, or nothing.
 *
 * The server's policies decide; this only keeps out of the way what they would refuse. At another system's server that is unknown.
 */
export function useMayChange(): "all" | "contact" | undefined {
  const { config, session } = useSmart();
  const me = useMe();
  if (!session.allows("Patient", "u")) return undefined;
  if (session.grant.iss !== config.issuer) return "all";
  const has = (...roles: string[]) => me?.roles.some((role) => roles.includes(role)) === true;
  return has("reception", "doctor") ? "all" : has("nurse") ? "contact" : undefined;
}
