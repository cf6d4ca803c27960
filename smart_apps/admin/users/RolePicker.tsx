import { MultiSelect } from "@mantine/core";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { useOptional } from "../trail/sentence.ts";
import { useRoles } from "./useRoles.ts";

/** Roles that policies know; others would give nothing. */
export function RolePicker({ value, onChange }: { value: string[]; onChange: (roles: string[]) => void }) {
  const { t } = useTexts();
  const optional = useOptional();
  const roles = useRoles();
  // A role that no policy is for any more stays shown until somebody takes it away.
  const known = [...new Set([...(roles.data?.roles ?? []).map((role) => role.name), ...value])].filter((role) => role !== "system");
  return (
    <MultiSelect
      label={t("roles")} description={t("rolesHint")} searchable hidePickedOptions clearable value={value} onChange={onChange}
      data={known.map((role) => ({ value: role, label: optional(`role.${role}`) ?? role }))}
      nothingFoundMessage={roles.isPending ? t("loading") : t("nothingFound")} clearButtonProps={{ "aria-label": t("clearOf", { what: t("roles") }) }}
    />
  );
}
