import { useCallback } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { useKinds, useOptional } from "../trail/sentence.ts";

const V1: Record<string, string> = { read: "rs", write: "cud", "*": "cruds" };
const RESOURCES = /^(patient|user|system)\/(\*|[A-Za-z]+)\.([a-z*]+)(?:\?(.+))?$/;

/** A scope on resources, taken apart; undefined for one of another kind. */
export function resourceScope(scope: string): { context: string; type: string; rights: string; query: string } | undefined {
  const [, context, type, rights, query] = RESOURCES.exec(scope) ?? [];
  return context === undefined || type === undefined || rights === undefined ? undefined : { context, type, rights: V1[rights] ?? rights, query: query ?? "" };
}

/** Scopes that say the same about several types are one line: "user", "rs" and all types. */
export function grouped(scope: string): { resources: { context: string; rights: string; query: string; types: string[] }[]; others: string[] } {
  const found = new Map<string, { context: string; rights: string; query: string; types: string[] }>();
  const others: string[] = [];
  for (const word of scope.split(/\s+/).filter((one) => one !== "")) {
    const one = resourceScope(word);
    if (one === undefined) others.push(word);
    else {
      const key = `${one.context} ${one.rights} ${one.query}`;
      const group = found.get(key) ?? { context: one.context, rights: one.rights, query: one.query, types: [] };
      group.types.push(one.type);
      found.set(key, group);
    }
  }
  return { resources: [...found.values()], others };
}

/** What an app may ask for, as sentences. */
export function useScopeSentences(): (scope: string) => string[] {
  const { t, language } = useTexts();
  const optional = useOptional();
  const kindsOf = useKinds(Infinity);
  return useCallback((scope) => {
    const { resources, others } = grouped(scope);
    return [
      ...resources.map((one) => t(`scopeOf.${one.context}`, {
        rights: new Intl.ListFormat(language, { type: "conjunction" }).format(Array.from(one.rights, (right) => t(`right.${right}`))),
        types: one.types.includes("*") ? t("allTypes") : kindsOf(one.types),
        has: one.query === "" ? "no" : "yes", query: one.query,
      })),
      ...others.map((word) => optional(`scope.${word}`) ?? word),
    ];
  }, [kindsOf, language, optional, t]);
}
