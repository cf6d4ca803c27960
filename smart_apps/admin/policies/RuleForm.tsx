import { Checkbox, Group, MultiSelect, Radio, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";

import { Further } from "../../shared/forms/Further.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useOptional } from "../trail/sentence.ts";
import { RIGHTS, type Rule } from "./policies.ts";
import { WhereForm } from "./WhereForm.tsx";

type Limit = "hidden" | "readonly" | "changes";
const LIMITS: readonly Limit[] = ["hidden", "changes", "readonly"];

/** A rule: what it permits or forbids, of which types, under which conditions, and with which limits. */
export function RuleForm({ rule, types, isTried, onChange, onBroken }: { rule: Rule; types: readonly string[]; isTried: boolean; onChange: (rule: Rule) => void; onBroken: (isBroken: boolean) => void }) {
  const { t } = useTexts();
  const optional = useOptional();
  const isDenial = rule.effect === "deny";
  const labelOf = (type: string) => {
    const words = type === "*" ? t("allTypes") : optional(`type.${type === "Patient/*" ? "allOfPatients" : type}`);
    return words === undefined ? type : `${type}: ${words}`;
  };
  return (
    <Stack gap="sm">
      <TextInput label={t("ruleName")} description={t("ruleNameHint")} value={rule.name ?? ""} onChange={(event) => onChange({ ...rule, name: event.currentTarget.value })} />
      <Radio.Group label={t("ruleEffect")} value={rule.effect ?? "permit"} onChange={(effect) => onChange(effect === "deny" ? { name: rule.name, effect, types: rule.types, rights: rule.rights, where: rule.where } : { ...rule, effect: "permit" })}>
        <Group gap="md" mt={4}>{(["permit", "deny"] as const).map((effect) => <Radio key={effect} value={effect} label={t(`effect.${effect}`)} />)}</Group>
      </Radio.Group>
      <Checkbox.Group label={t("ruleRights")} withAsterisk value={Array.from(rule.rights)} onChange={(rights) => onChange({ ...rule, rights: RIGHTS.filter((one) => rights.includes(one)).join("") })} error={isTried && rule.rights === "" ? t("rightsMissing") : undefined}>
        <Group gap="md" mt={4}>{RIGHTS.map((right) => <Checkbox key={right} value={right} label={t(`right.${right}`)} />)}</Group>
      </Checkbox.Group>
      <MultiSelect
        label={t("ruleTypes")} withAsterisk searchable hidePickedOptions clearable value={rule.types} onChange={(chosen) => onChange({ ...rule, types: chosen })} error={isTried && rule.types.length === 0 ? t("typesMissing") : undefined}
        data={["*", "Patient/*", ...types].map((type) => ({ value: type, label: labelOf(type) }))} limit={40} nothingFoundMessage={t("nothingFound")} clearButtonProps={{ "aria-label": t("clearOf", { what: t("ruleTypes") }) }}
      />
      <WhereForm value={rule.where} isTried={isTried} onChange={(where) => onChange({ ...rule, where })} onBroken={onBroken} />
      {!isDenial && (
        <Further label={t("ruleLimits")}>
          {LIMITS.map((limit) => <TagsInput key={limit} label={t(`limit.${limit}`)} description={t("limitHint")} value={rule[limit] ?? []} onChange={(names) => onChange({ ...rule, [limit]: names })} />)}
          <Textarea label={t("limit.constraints")} description={t("constraintsHint")} autosize minRows={1} spellCheck={false} value={(rule.constraints ?? []).join("\n")} onChange={(event) => onChange({ ...rule, constraints: event.currentTarget.value.split("\n") })} />
        </Further>
      )}
    </Stack>
  );
}
