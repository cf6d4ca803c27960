import type { Policy, Rule } from "./policies.ts";

const NAME = /^[a-z][a-z0-9-]{0,58}$/;
const LISTS = ["hidden", "readonly", "changes", "constraints"] as const;

export const EMPTY_RULE: Rule = { effect: "permit", types: [], rights: "rs" };

/** What has to be mended before a policy can be proposed: "name", "roles", or the numbers of rules. */
export function problemsOf(policy: Policy): (number | "name" | "roles")[] {
  return [
    ...(NAME.test(policy.name) ? [] : ["name" as const]),
    ...((policy.roles ?? []).length + (policy.clients ?? []).length > 0 ? [] : ["roles" as const]),
    ...policy.rules.flatMap((rule, n) => (rule.types.length === 0 || rule.rights === "" ? [n] : [])),
  ];
}

/** As the server wants it: nothing empty, no spaces around. */
export function tidied(policy: Policy): Policy {
  const { title, description } = policy;
  return {
    name: policy.name,
    status: "draft",
    ...worded("title", title),
    ...worded("description", description),
    ...list("roles", policy.roles),
    ...list("clients", policy.clients),
    ...list("powers", policy.powers),
    rules: policy.rules.map((rule) => ({
      ...worded("name", rule.name),
      effect: rule.effect ?? "permit",
      types: rule.types,
      rights: rule.rights,
      ...(rule.where === undefined || "everything" in rule.where ? {} : { where: rule.where }),
      ...LISTS.reduce((found, member) => ({ ...found, ...list(member, rule[member]) }), {}),
    })),
  };
}

function worded(name: string, value: string | undefined): Record<string, string> {
  const trimmed = value?.trim() ?? "";
  return trimmed === "" ? {} : { [name]: trimmed };
}

function list(name: string, values: readonly string[] | undefined): Record<string, string[]> {
  const kept = (values ?? []).map((one) => one.trim()).filter((one) => one !== "");
  return kept.length === 0 ? {} : { [name]: kept };
}
