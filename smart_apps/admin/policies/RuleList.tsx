import { List, Text } from "@mantine/core";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { useOptional } from "../trail/sentence.ts";
import type { Policy, Rule } from "./policies.ts";
import { useRuleSentence } from "./sentences.ts";

/** Rules as sentences, each under its name. */
export function RuleList({ rules, label }: { rules: readonly Rule[]; label: string }) {
  const { t } = useTexts();
  const sentence = useRuleSentence();
  return (
    <List aria-label={label} spacing={6} size="sm">
      {rules.map((rule, n) => (
        <List.Item key={n}>
          {rule.name !== undefined && <Text span size="sm" fw={600}>{rule.name}: </Text>}
          <Text span size="sm" style={rule.effect === "deny" ? { color: "var(--fs-critical)" } : undefined}>{rule.types.length === 0 ? t("ruleEmpty") : sentence(rule)}</Text>
        </List.Item>
      ))}
    </List>
  );
}

/** What a policy gives besides rights on records. */
export function Powers({ powers }: { powers: Policy["powers"] }) {
  const { t } = useTexts();
  const optional = useOptional();
  if (powers === undefined || powers.length === 0) return null;
  return (
    <List aria-label={t("powers")} spacing={6} size="sm">
      {powers.map((power) => <List.Item key={power}>{optional(`power.${power}`) ?? power}</List.Item>)}
    </List>
  );
}
