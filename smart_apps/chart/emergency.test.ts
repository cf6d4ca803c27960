import { beforeEach, expect, test } from "vitest";

import type { Smart } from "../shared/smart/context.tsx";
import { Session, type Grant } from "../shared/smart/session.ts";
import { emergencyUntil, readingOnly, rememberEmergency } from "./emergency.ts";

const EXPIRES = "2026-11-30T03:40:00Z";

beforeEach(() => sessionStorage.clear());

test("an emergency is over when the server said so", () => {
  rememberEmergency("p1", { resourceType: "Parameters", parameter: [{ name: "expires", valueInstant: EXPIRES }] });

  expect(emergencyUntil("p1", Date.parse(EXPIRES) - 1)).toBe(EXPIRES);
  expect(emergencyUntil("p1", Date.parse(EXPIRES))).toBeUndefined();
  expect(emergencyUntil("p2", Date.parse(EXPIRES) - 1)).toBeUndefined();
});

test("who reads only may not write, and goes on with the same sign-in", () => {
  const grant = { scope: "user/Observation.crus", accessToken: "token", expiresAt: Number.MAX_SAFE_INTEGER } as Grant;
  const smart = { session: new Session("chart", grant) } as Smart;
  const { session } = readingOnly(smart);

  expect([session.allows("Observation", "s"), session.allows("Observation", "c"), session.allows("Patient", "r")]).toEqual([true, false, false]);
  expect(smart.session.allows("Observation", "c")).toBe(true);
  expect(session.grant).toBe(smart.session.grant);
});
