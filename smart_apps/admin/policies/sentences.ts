import { useCallback } from "react";

import { useTexts, type T } from "../../shared/i18n/i18n.ts";
import { useKinds, useOptional } from "../trail/sentence.ts";
import type { Rule, Where } from "./policies.ts";

type Join = (parts: string[], type: "conjunction" | "disjunction") => string;

/** What a rule allows or forbids, as a sentence: "May read and find reports, if the patient is treated by them." */
export function useRuleSentence(): (rule: Rule) => string {
  const { t, language } = useTexts();
  const optional = useOptional();
  const kindsOf = useKinds(Infinity);
  return useCallback((rule) => {
    const join: Join = (parts, type) => new Intl.ListFormat(language, { type }).format(parts);
    const rights = join(Array.from(rule.rights, (right) => t(`right.${right}`)), rule.effect === "deny" ? "disjunction" : "conjunction");
    const types = rule.types.includes("*") ? t("allTypes") : kindsOf(rule.types.map((type) => (type === "Patient/*" ? "allOfPatients" : type)));
    const where = rule.where === undefined || "everything" in rule.where ? "" : whereWords(rule.where, t, optional, join);
    const values = { rights, types, where, has: where === "" ? "no" : "yes" };
    return [
      t(rule.effect === "deny" ? "mayNot" : "may", values),
      ...(rule.hidden === undefined ? [] : [t("ruleHidden", { elements: join(rule.hidden, "conjunction") })]),
      ...(rule.changes === undefined ? [] : [t("ruleChanges", { elements: join(rule.changes, "conjunction") })]),
      ...(rule.readonly === undefined ? [] : [t("ruleReadonly", { elements: join(rule.readonly, "conjunction") })]),
      ...(rule.constraints === undefined ? [] : [t("ruleConstraints", { expressions: rule.constraints.join("; ") })]),
    ].join(" ");
  }, [kindsOf, language, optional, t]);
}

/** Which resources a rule is about, as a clause that follows "if". */
export function whereWords(where: Where, t: T, optional: (key: string) => string | undefined, join: Join): string {
  if ("all" in where) return join(where.all.map((part) => bracketed(part, "care" in part && part.care.length > 1, t, optional, join)), "conjunction");
  if ("any" in where) return join(where.any.map((part) => bracketed(part, false, t, optional, join)), "disjunction");
  if ("not" in where) return t("where.not", { part: whereWords(where.not, t, optional, join) });
  if ("care" in where) return t("where.care", { kinds: join(where.care.map((kind) => optional(`care.${kind}`) ?? kind), "disjunction") });
  if ("refers" in where) return t(`where.refers.${where.to ?? "me"}`, { codes: join(where.refers, "disjunction") });
  if ("search" in where) return join(where.search.split("&").map((part) => searchWords(part, t, join)), "conjunction");
  if ("labels" in where) return t("where.labels", { labels: join(where.labels.map(codeOf), "disjunction") });
  if ("ids" in where) return t("where.ids", { ids: join(where.ids, "disjunction") });
  return t(`where.${Object.keys(where)[0] ?? "everything"}`);
}

function bracketed(where: Where, isAmbiguous: boolean, t: T, optional: (key: string) => string | undefined, join: Join): string {
  const words = whereWords(where, t, optional, join);
  return isAmbiguous || "all" in where || "any" in where ? `(${words})` : words;
}

/** `category:not=http://…|laboratory` in words. */
function searchWords(part: string, t: T, join: Join): string {
  const [name = "", value = ""] = part.split("=", 2).map((one) => decodeURIComponent(one));
  const isNot = name.endsWith(":not");
  return t(isNot ? "where.isnt" : "where.is", { name: isNot ? name.slice(0, -":not".length) : name, values: join(value.split(",").map(codeOf), "disjunction") });
}

function codeOf(coding: string): string {
  return coding.split("|").at(-1) ?? coding;
}
