import { useCallback } from "react";

import { useAsk } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useOptional } from "../trail/sentence.ts";

/** The roles that policies are for, each with the names of these policies. */
export interface Roles {
  roles: { name: string; policies: string[] }[];
  /** Policies that hold for everybody. */
  ofEveryRole: string[];
}

export function useRoles() {
  return useAsk<Roles>(["Basic"], ["roles"], (fhir) => fhir.other<Roles>("/admin/roles"));
}

/** Roles in words, in the order of the alphabet. */
export function useRoleNames(): (roles: readonly string[]) => string {
  const optional = useOptional();
  const { language } = useTexts();
  return useCallback((roles) => new Intl.ListFormat(language, { type: "conjunction", style: "narrow" }).format(roles.map((role) => optional(`role.${role}`) ?? role)), [language, optional]);
}
