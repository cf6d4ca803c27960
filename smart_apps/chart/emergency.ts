import type { Parameters } from "fhir/r4";

import type { Smart } from "../shared/smart/context.tsx";
import type { Session } from "../shared/smart/session.ts";

const key = (patient: string) => `emergency ${patient}`;

/** Remember until when a record is open in an emergency, as `$break-glass` has answered. */
export function rememberEmergency(patient: string, answer: Parameters): void {
  const expires = answer.parameter?.find((one) => one.name === "expires")?.valueInstant;
  if (expires !== undefined) sessionStorage.setItem(key(patient), expires);
}

/** Until when the record is open in an emergency that this window has told of; undefined when it isn't. */
export function emergencyUntil(patient: string, now = Date.now()): string | undefined {
  const expires = sessionStorage.getItem(key(patient)) ?? undefined;
  return expires !== undefined && Date.parse(expires) > now ? expires : undefined;
}

/** The patient has come into one's care: the server decides again. */
export function forgetEmergency(patient: string): void {
  sessionStorage.removeItem(key(patient));
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
