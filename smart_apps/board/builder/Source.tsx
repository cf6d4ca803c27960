import { Checkbox, Group, NativeSelect, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Choices } from "./definition.ts";
import { Filters } from "./Filters.tsx";
import { READY, SUBJECTS } from "./subjects.ts";

/** What a report is made of: columns in words, a view of the server, or one that somebody has written. */
export function Source({ choices, onChange }: { choices: Choices; onChange: (change: Partial<Choices>) => void }) {
  const { t } = useTexts();
  const isPhone = useMediaQuery("(max-width: 30em)");
  const subject = SUBJECTS[choices.subject];
  return (
    <Stack gap="sm">
      <SegmentedControl aria-label={t("source")} orientation={isPhone ? "vertical" : "horizontal"} value={choices.source} onChange={(source) => onChange({ source: source })} style={{ alignSelf: "start" }}
        data={[{ value: "words", label: t("sources.words") }, { value: "ready", label: t("sources.ready") }, { value: "own", label: t("sources.own") }]} />
      {choices.source === "words" && subject !== undefined && (
        <>
          <NativeSelect maw={320} label={t("about")} value={choices.subject} data={Object.keys(SUBJECTS).map((one) => ({ value: one, label: t(`subject.${one}`) }))}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              onChange({ subject: chosen, columns: [...(SUBJECTS[chosen]?.first ?? [])], filters: [] });
            }} />
          <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
            <Text component="legend" size="sm" fw={500} mb={4}>{t("columns")}</Text>
            <Group gap="md">
              {subject.columns.map(({ name }) => (
                <Checkbox key={name} label={t(`column.${name}`)} checked={choices.columns.includes(name)}
                  onChange={(event) => onChange({ columns: event.currentTarget.checked ? [...choices.columns, name] : choices.columns.filter((one) => one !== name) })} />
              ))}
            </Group>
          </fieldset>
          <Filters subject={subject} filters={choices.filters} onChange={(filters) => onChange({ filters })} />
        </>
      )}
      {choices.source === "ready" && (
        <NativeSelect maw={420} label={t("readyLabel")} description={t("readyText")} value={choices.ready} data={READY.map((one) => ({ value: one, label: t(`readyView.${one}`) }))} onChange={(event) => onChange({ ready: event.currentTarget.value })} />
      )}
      {choices.source === "own" && (
        <Textarea label={t("ownLabel")} description={t("ownText")} autosize minRows={8} maxRows={24} spellCheck={false} value={choices.own} onChange={(event) => onChange({ own: event.currentTarget.value })} styles={{ input: { fontFamily: "monospace" } }} />
      )}
    </Stack>
  );
}
