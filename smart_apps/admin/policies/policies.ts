import type { UseQueryResult } from "@tanstack/react-query";

import { useAsk } from "../../shared/fhir/queries.ts";

/** Which resources a rule is about: one member of these, as docs/integrator/access.md has them. */
export type Where =
  | { everything: true } | { own: true } | { self: true } | { unit: true } | { unowned: true } | { shared: true }
  | { care: string[] } | { refers: string[]; to?: "me" | "units" | "us" } | { search: string } | { labels: string[] } | { ids: string[] }
  | { all: Where[] } | { any: Where[] } | { not: Where };

export interface Rule {
  name?: string;
  effect?: "permit" | "deny";
  types: string[];
  rights: string;
  where?: Where;
  hidden?: string[];
  readonly?: string[];
  changes?: string[];
  constraints?: string[];
}

export interface Policy {
  name: string;
  title?: string;
  description?: string;
  status: "active" | "draft";
  roles?: string[];
  clients?: string[];
  powers?: string[];
  rules: Rule[];
}

/** A policy as `/admin/policies` tells it: what is in force, and what waits for approval. */
export interface Held {
  name: string;
  /** It is as the server came with it. */
  isShipped: boolean;
  resource: string | null;
  inForce: Policy | null;
  pending: Policy | null;
  /** What tells this proposal from another: who approves says which one they have read. */
  proposal: string | null;
  /** Who proposed what waits: the id of an account, or a reference. */
  proposedBy: string | null;
}

/** All policies, and the rules for changing them. */
export interface Policies {
  policies: Held[];
  /** A change takes a second administrator. */
  needsApproval: boolean;
  /** The powers that there are. */
  powers: string[];
  /** Resource types that rules may name. */
  types: string[];
}

/** Create, read, update, delete, search. */
export const RIGHTS = ["c", "r", "u", "d", "s"] as const;

export function useAllPolicies() {
  return useAsk<Policies>(["Basic"], ["policies"], (fhir) => fhir.other<Policies>("/admin/policies"));
}

export function usePolicies() {
  const query = useAllPolicies();
  return { ...query, data: query.data?.policies } as UseQueryResult<Held[]>;
}

/** The policies in force that hold for somebody with these roles. */
export function holdingFor(policies: readonly Held[], roles: readonly string[]): Policy[] {
  return policies.flatMap(({ inForce }) => (inForce !== null && (inForce.roles ?? []).some((role) => role === "*" || roles.includes(role)) ? [inForce] : []));
}

/** The roles that policies in force name, in the order of the alphabet. */
export function rolesIn(policies: readonly Held[]): string[] {
  return [...new Set(policies.flatMap(({ inForce }) => inForce?.roles ?? []))].filter((role) => role !== "*").sort();
}

/** What two versions of a policy differ in; whatever isn't named is the same. */
export interface Difference {
  added: Rule[];
  removed: Rule[];
  powersAdded: string[];
  powersRemoved: string[];
  forAdded: string[];
  forRemoved: string[];
}

/** Rules are the same when all that they say is; a changed rule is one that goes and one that comes. */
export function difference(before: Policy | null, after: Policy): Difference {
  const told = (rule: Rule) => JSON.stringify(sorted({ effect: "permit", ...rule }));
  const had = new Set((before?.rules ?? []).map(told));
  const has = new Set(after.rules.map(told));
  const without = (list: readonly string[] | undefined, others: readonly string[] | undefined) => (list ?? []).filter((one) => others?.includes(one) !== true);
  const whom = (policy: Policy | null) => [...(policy?.roles ?? []), ...(policy?.clients ?? [])];
  return {
    added: after.rules.filter((rule) => !had.has(told(rule))),
    removed: (before?.rules ?? []).filter((rule) => !has.has(told(rule))),
    powersAdded: without(after.powers, before?.powers),
    powersRemoved: without(before?.powers, after.powers),
    forAdded: without(whom(after), whom(before)),
    forRemoved: without(whom(before), whom(after)),
  };
}

/** Members in the order of the alphabet, so that the order in which they were written means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)).map(([key, part]) => [key, sorted(part)]));
}
