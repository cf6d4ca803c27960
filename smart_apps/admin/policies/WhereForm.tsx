import { Button, Checkbox, Group, NativeSelect, Stack, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { CARE, conditionsOf, EMPTY, isWhole, KINDS, TO, whereOf, type Conditions, type Part } from "./conditions.ts";
import type { Where } from "./policies.ts";

/** Which resources a rule is about: conditions in words, or JSON for what is nested. */
export function WhereForm({ value, isTried, onChange, onBroken }: {
  value: Where | undefined; isTried: boolean; onChange: (where: Where | undefined) => void;
  /** What was typed can't be read, or can again. */
  onBroken: (isBroken: boolean) => void;
}) {
  const { t } = useTexts();
  const [conditions, setConditions] = useState(() => conditionsOf(value));
  if (conditions === undefined) return <Nested value={value} onChange={onChange} onBroken={onBroken} />;
  const change = (changed: Conditions) => {
    setConditions(changed);
    onBroken(!changed.parts.every(isWhole));
    onChange(whereOf(changed));
  };
  const { join, parts } = conditions;
  const set = (at: number, part: Part) => change({ join, parts: parts.map((one, n) => (n === at ? part : one)) });
  return (
    <Stack gap="xs" component="fieldset" style={{ border: 0, margin: 0, padding: 0 }}>
      <Text component="legend" size="sm" fw={500}>{t("ruleWhere")}</Text>
      {parts.length === 0 && <Text size="sm" c="dimmed">{t("whereAll")}</Text>}
      {parts.length > 1 && <NativeSelect aria-label={t("whereJoin")} w="fit-content" value={join} onChange={(event) => change({ join: event.currentTarget.value === "any" ? "any" : "all", parts })} data={[{ value: "all", label: t("joinAll") }, { value: "any", label: t("joinAny") }]} />}
      {parts.map((part, n) => (
        <Group key={n} gap="xs" align="flex-end">
          <NativeSelect label={t("condition", { n: n + 1 })} value={`${part.isNot ? "not " : ""}${part.kind}`} data={KINDS.flatMap((kind) => [{ value: kind, label: t(`kindOf.${kind}`) }, { value: `not ${kind}`, label: t("kindNot", { what: t(`kindOf.${kind}`) }) }])}
            onChange={(event) => {
              const [last = "", isNot] = event.currentTarget.value.split(" ").reverse();
              set(n, { ...part, kind: KINDS.find((kind) => kind === last) ?? "own", isNot: isNot !== undefined });
            }} />
          <PartForm part={part} isTried={isTried} onChange={(changed) => set(n, changed)} />
          <Button variant="default" aria-label={t("removeCondition", { n: n + 1 })} onClick={() => change({ join, parts: parts.filter((_, at) => at !== n) })}>{t("remove")}</Button>
        </Group>
      ))}
      <Button w="fit-content" size="xs" variant="default" onClick={() => change({ join, parts: [...parts, EMPTY] })}>{t("addCondition")}</Button>
    </Stack>
  );
}

/** What a condition of this kind has to say. */
function PartForm({ part, isTried, onChange }: { part: Part; isTried: boolean; onChange: (part: Part) => void }) {
  const { t } = useTexts();
  const error = isTried && !isWhole(part) ? t("conditionMissing") : undefined;
  const list = (label: string, hint: string) => <TagsInput label={label} placeholder={hint} value={part.list} onChange={(items) => onChange({ ...part, list: items })} error={error} />;
  switch (part.kind) {
    case "care":
      return (
        <Checkbox.Group label={t("careKinds")} value={part.care} onChange={(care) => onChange({ ...part, care })} error={error}>
          <Group gap="sm" mt={4}>{CARE.map((kind) => <Checkbox key={kind} value={kind} label={t(`care.${kind}`)} />)}</Group>
        </Checkbox.Group>
      );
    case "refers":
      return (
        <>
          {list(t("referenceParameters"), "author")}
          <NativeSelect label={t("refersTo")} value={part.to} onChange={(event) => onChange({ ...part, to: TO.find((one) => one === event.currentTarget.value) ?? "me" })} data={TO.map((one) => ({ value: one, label: t(`refersIs.${one}`) }))} />
        </>
      );
    case "search": return <TextInput label={t("searchText")} placeholder="category=laboratory&status:not=draft" miw="18rem" value={part.text} onChange={(event) => onChange({ ...part, text: event.currentTarget.value })} error={error} />;
    case "labels": return list(t("labelCodes"), "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R");
    case "ids": return list(t("idList"), "a1b2");
    default: return null;
  }
}

/** What no form has a place for, as JSON. */
function Nested({ value, onChange, onBroken }: { value: Where | undefined; onChange: (where: Where | undefined) => void; onBroken: (isBroken: boolean) => void }) {
  const { t } = useTexts();
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [isBroken, setBroken] = useState(false);
  return (
    <Textarea
      label={t("ruleWhere")} description={t("whereNested")} autosize minRows={3} spellCheck={false} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} error={isBroken ? t("notJson") : undefined} value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        try {
          onChange(JSON.parse(event.currentTarget.value) as Where);
          setBroken(false);
          onBroken(false);
        } catch {
          setBroken(true);
          onBroken(true);
        }
      }}
    />
  );
}
