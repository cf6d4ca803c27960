import type { User } from "../people/users.ts";

type Edited = Pick<User, "display" | "fhirUser" | "roles" | "clearances">;

/** What was edited, and nothing else: what somebody else has changed meanwhile isn't put back. */
export function changesOf(before: Edited, after: Edited): Partial<Edited> {
  const isSame = (a: readonly string[], b: readonly string[]) => [...a].sort().join("\n") === [...b].sort().join("\n");
  return {
    ...(before.display === after.display.trim() ? {} : { display: after.display.trim() }),
    ...(before.fhirUser === after.fhirUser ? {} : { fhirUser: after.fhirUser }),
    ...(isSame(before.roles, after.roles) ? {} : { roles: after.roles }),
    ...(isSame(before.clearances, after.clearances) ? {} : { clearances: after.clearances }),
  };
}
