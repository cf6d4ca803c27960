import { deviceZone, wall } from "../format/zone.ts";
import { useSmart } from "../smart/context.tsx";

/** The clinic's time zone, or the device's where the server doesn't tell it (`isClinics` says which); `shown` is what the clock on its wall shows. */
export function useZone(): { zone: string; isClinics: boolean; isElsewhere: boolean; shown: (instant: string | Date | undefined) => string } {
  const { config, session } = useSmart();
  const told = session.grant.iss === config.issuer ? config.timeZone : undefined;
  const zone = told ?? deviceZone();
  const now = new Date();
  return { zone, isClinics: told !== undefined, isElsewhere: wall(now, zone) !== wall(now, deviceZone()), shown: (instant) => wall(instant, zone) };
}
