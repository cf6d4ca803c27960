import { Alert, Anchor, Button, Card, Group, NativeSelect, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPrinter } from "@tabler/icons-react";
import type { DocumentReference } from "fhir/r4";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange, useRead } from "../../shared/fhir/queries.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { failed, told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { choicesOf, Incomplete, NEW, SCHEDULES, storedAs, SYSTEM, viewOf, type Choices, type Schedule, type View } from "./definition.ts";
import { ExportRows } from "./ExportRows.tsx";
import { Preview } from "./Preview.tsx";
import { Source } from "./Source.tsx";
import { SUBJECTS } from "./subjects.ts";

const PAUSE_MS = 600;

/** A report that somebody puts together; with `id` one that is kept. */
export default function Builder({ id }: { id?: string }) {
  const { t } = useTexts();
  const stored = useRead<DocumentReference>("DocumentReference", id);
  if (id === undefined) return <Form start={NEW} />;
  return (
    <Loaded query={stored} lines={8}>
      {(document) => {
        const choices = choicesOf(document);
        return choices === undefined ? <Empty title={t("nothingFound")}><Anchor component={Link} href="/reports">{t("place.reports")}</Anchor></Empty> : <Form key={document.id} start={choices} before={document} />;
      }}
    </Loaded>
  );
}

function Form({ start, before }: { start: Choices; before?: Stored<DocumentReference> }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const reason = useReason();
  const [, go] = useLocation();
  const [choices, setChoices] = useState(start);
  const [isTried, setTried] = useState(false);
  const [newId] = useState(() => crypto.randomUUID());
  const [settled] = useDebouncedValue(choices, PAUSE_MS);
  const shown = attempted(settled);
  const change = (more: Partial<Choices>) => setChoices((all) => ({ ...all, ...more }));
  const save = useChange<DocumentReference, Stored<DocumentReference>>(["DocumentReference"], (fhir, report) => (report.id === undefined ? fhir.create(report, `identifier=${SYSTEM}|${newId}`) : fhir.update(report)));
  const author = session.grant.fhirUser;
  const mayKeep = author !== undefined && session.allows("DocumentReference", "c");

  const keep = () => {
    setTried(true);
    if (choices.title.trim() === "" || author === undefined || "why" in attempted(choices)) return;
    save.mutate(storedAs(choices, { id: newId, author, at: isoNow(), before }), {
      onSuccess: (made) => {
        told(t("reportKept", { name: choices.title.trim() }));
        go(`/reports/own/${made.id}`, { replace: true });
      },
      onError: (error) => failed(error instanceof FhirError && error.isConflict ? t("reportChanged") : reason(error)),
    });
  };
  const names = new Set(choices.source === "words" ? SUBJECTS[choices.subject]?.columns.map((one) => one.name) : []);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="end">
        <div>
          <Anchor component={Link} href="/reports" size="sm" className="fs-noprint">{t("place.reports")}</Anchor>
          <Title order={1}>{before === undefined ? t("newReport") : (start.title || t("newReport"))}</Title>
          <Text size="sm" c="dimmed">{t("builderText")}</Text>
        </div>
        <Group gap="xs" className="fs-noprint">
          <ExportRows view={"view" in shown ? shown.view : undefined} name={choices.title.trim() || t("newReport")} />
          <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
        </Group>
      </Group>
      <Card className="fs-noprint"><Source choices={choices} onChange={change} /></Card>
      {mayKeep && (
        <Card component="section" aria-label={t("keepReport")} className="fs-noprint">
          <Group align="start">
            <TextInput label={t("reportTitle")} value={choices.title} maxLength={120} style={{ flex: "1 1 16rem" }} error={isTried && choices.title.trim() === "" ? t("required") : undefined} onChange={(event) => change({ title: event.currentTarget.value })} />
            <NativeSelect label={t("scheduleLabel")} value={choices.schedule} data={SCHEDULES.map((one) => ({ value: one, label: t(`schedule.${one === "" ? "never" : one}`) }))} onChange={(event) => change({ schedule: event.currentTarget.value as Schedule })} />
            <Button mt="1.55rem" loading={save.isPending} onClick={keep}>{t("keepReport")}</Button>
          </Group>
          {choices.schedule !== "" && <Text size="sm" c="dimmed" mt="xs">{t("scheduleText")}</Text>}
        </Card>
      )}
      {"why" in shown
        ? <Alert color="gray" role="status">{t(`incomplete.${shown.why}`)}</Alert>
        : <Preview view={shown.view} columns={names} />}
    </Stack>
  );
}

/** The view of what was chosen, or why there is none yet. */
function attempted(choices: Choices): { view: View | string } | { why: string } {
  try {
    return { view: viewOf(choices) };
  } catch (error) {
    if (error instanceof Incomplete) return { why: error.message };
    throw error;
  }
}
