import { useMe } from "../shared/frame/useMyApps.ts";

const CLINICAL: ReadonlySet<string> = new Set(["doctor", "nurse", "radiologist", "pharmacist", "labtech"]);

/** Whether who has signed in registers patients and sees nothing clinical; false until that is known. */
export function useIsClerk(): boolean {
  const roles = useMe()?.roles ?? [];
  return roles.includes("reception") && !roles.some((role) => CLINICAL.has(role));
}
