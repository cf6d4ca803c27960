import type { Bundle, Parameters, Task } from "fhir/r4";

import type { Smart } from "../shared/smart/context.tsx";
import type { Session } from "../shared/smart/session.ts";

const REVIEW = "https://fhirserver.example/CodeSystem/task-code|break-glass-review";
const IN_CARE = "in care";

const key = (patient: string) => `emergency ${patient}`;

/** Remember until when a record is open in an emergency, as `$break-glass` has answered. */
export function rememberEmergency(patient: string, answer: Parameters): void {
  const expires = answer.parameter?.find((one) => one.name === "expires")?.valueInstant;
  if (expires !== undefined) sessionStorage.setItem(key(patient), expires);
}

/** Until when the record is open in an emergency that this window has told of; undefined when it isn't. */
export function emergencyUntil(patient: string, now = Date.now()): string | undefined {
  const expires = sessionStorage.getItem(key(patient)) ?? undefined;
  return stillOpen(expires, now);
}

/** The patient has come into one's care: the server decides again. */
export function forgetEmergency(patient: string): void {
  sessionStorage.setItem(key(patient), IN_CARE);
}

/** Whether somebody has said in this window that the patient is in their care now. */
export function isInCare(patient: string): boolean {
  return sessionStorage.getItem(key(patient)) === IN_CARE;
}

/** The review of the last emergency in which somebody opened the record, also in another window or on another device. */
export function reviewOf(patient: string, user: string | undefined): Record<string, string> | undefined {
  // Nobody but staff breaks the glass.
  if (user?.startsWith("Practitioner") !== true) return undefined;
  return { patient, requester: user, code: REVIEW, _sort: "-authored-on", _count: "1" };
}

/** Until when the record is open, as the task of its review says. */
export function openUntil(reviews: Bundle<Task> | undefined, now = Date.now()): string | undefined {
  const ends = reviews?.entry?.flatMap((entry) => entry.resource?.input ?? []).map((input) => input.valuePeriod?.end);
  return stillOpen(ends?.find((end) => end !== undefined), now);
}

function stillOpen(expires: string | undefined, now: number): string | undefined {
  return expires !== undefined && Date.parse(expires) > now ? expires : undefined;
}

/** The app of somebody who may read and no more: an emergency opens a record, it brings nobody into the patient's care. */
export function readingOnly(smart: Smart): Smart {
  const allows: Session["allows"] = (type, what) => (what === "r" || what === "s") && smart.session.allows(type, what);
  const session = new Proxy(smart.session, {
    get(target, name) {
      if (name === "allows") return allows;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...smart, session };
}
