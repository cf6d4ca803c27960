import type { Parameters } from "fhir/r4";

/** Something that was looked at: a rule, a label, a consent. */
export interface Step {
  kind: string;
  policy: string | undefined;
  rule: string | undefined;
  holds: boolean;
  /** As the server says it, in English. */
  text: string;
}

export interface Explanation {
  isAllowed: boolean;
  steps: Step[];
}

/** What decided: the rule that permits or denies, no rule at all, a label, a consent, or that the account is disabled. */
export type Because = { why: "permit" | "deny" | "label" | "very-restricted" | "consent" | "own" | "emergency"; step: Step } | { why: "none" | "disabled" };

export function explanationOf(answer: Parameters): Explanation {
  const given = answer.parameter ?? [];
  return {
    isAllowed: given.find((one) => one.name === "allowed")?.valueBoolean === true,
    steps: given.filter((one) => one.name === "step").map((step) => {
      const of = (name: string) => step.part?.find((part) => part.name === name);
      return { kind: of("kind")?.valueCode ?? "", policy: of("policy")?.valueString, rule: of("rule")?.valueString, holds: of("holds")?.valueBoolean === true, text: of("text")?.valueString ?? "" };
    }),
  };
}

/** The order is the server's: denials first, then whether a rule permits, then labels and consents. */
export function becauseOf({ isAllowed, steps }: Explanation, isActive: boolean): Because {
  const first = (kind: string, holds: boolean) => steps.find((step) => step.kind === kind && step.holds === holds);
  if (isAllowed) {
    for (const kind of ["permit", "own", "emergency"] as const) {
      const step = first(kind, true);
      if (step !== undefined) return { why: kind, step };
    }
    return { why: "none" };
  }
  if (!isActive) return { why: "disabled" };
  const denied = first("deny", true);
  if (denied !== undefined) return { why: "deny", step: denied };
  if (first("permit", true) === undefined) return { why: "none" };
  for (const kind of ["label", "very-restricted", "consent"] as const) {
    const step = first(kind, false);
    if (step !== undefined) return { why: kind, step };
  }
  return { why: "none" };
}
