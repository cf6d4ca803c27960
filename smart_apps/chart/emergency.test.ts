import type { Bundle, Task } from "fhir/r4";
import { beforeEach, expect, test } from "vitest";

import type { Smart } from "../shared/smart/context.tsx";
import { Session, type Grant } from "../shared/smart/session.ts";
import { emergencyUntil, forgetEmergency, isInCare, openUntil, readingOnly, rememberEmergency, reviewOf } from "./emergency.ts";

const EXPIRES = "2026-11-30T03:40:00Z";

beforeEach(() => sessionStorage.clear());

test("an emergency is over when the server said so", () => {
  rememberEmergency("p1", { resourceType: "Parameters", parameter: [{ name: "expires", valueInstant: EXPIRES }] });

  expect(emergencyUntil("p1", Date.parse(EXPIRES) - 1)).toBe(EXPIRES);
  expect(emergencyUntil("p1", Date.parse(EXPIRES))).toBeUndefined();
  expect(emergencyUntil("p2", Date.parse(EXPIRES) - 1)).toBeUndefined();
});

test("an emergency of another window is known by its review", () => {
  const review: Task = { resourceType: "Task", status: "requested", intent: "order", input: [{ type: {}, valuePeriod: { end: EXPIRES } }] };
  const reviews: Bundle<Task> = { resourceType: "Bundle", type: "searchset", entry: [{ resource: review }] };

  expect(openUntil(reviews, Date.parse(EXPIRES) - 1)).toBe(EXPIRES);
  expect(openUntil(reviews, Date.parse(EXPIRES))).toBeUndefined();
  expect(openUntil(undefined)).toBeUndefined();
  expect(reviewOf("p1", "Practitioner/d1")).toMatchObject({ patient: "p1", requester: "Practitioner/d1" });
  expect(reviewOf("p1", "Patient/p1")).toBeUndefined();
});

test("who has the patient in their care is told no more", () => {
  rememberEmergency("p1", { resourceType: "Parameters", parameter: [{ name: "expires", valueInstant: EXPIRES }] });
  forgetEmergency("p1");

  expect(isInCare("p1")).toBe(true);
  expect(emergencyUntil("p1", Date.parse(EXPIRES) - 1)).toBeUndefined();
});

test("who reads only may not write, and goes on with the same sign-in", () => {
  const grant = { scope: "user/Observation.crus", accessToken: "token", expiresAt: Number.MAX_SAFE_INTEGER } as Grant;
  const smart = { session: new Session("chart", grant) } as Smart;
  const { session } = readingOnly(smart);

  expect([session.allows("Observation", "s"), session.allows("Observation", "c"), session.allows("Patient", "r")]).toEqual([true, false, false]);
  expect(smart.session.allows("Observation", "c")).toBe(true);
  expect(session.grant).toBe(smart.session.grant);
});
