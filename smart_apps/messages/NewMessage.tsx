import { Button, Checkbox, Group, Select, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPaperclip, IconSend } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { Suspense, useState } from "react";
import { useLocation } from "wouter";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { useChange, useRead, useSearch } from "../shared/fhir/queries.ts";
import { day, time } from "../shared/format/dates.ts";
import { formalName, recordNumber } from "../shared/format/people.ts";
import { useDraft } from "../shared/forms/drafts.ts";
import { told } from "../shared/forms/saving.ts";
import { searchOf } from "../shared/frame/patientSearch.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { referencesIn } from "./attachments.ts";
import { Attachments } from "./Attachments.tsx";
import Recipients from "./Recipients.tsx";
import { messageFrom, once, send, type Draft } from "./sending.ts";
import type { Myself } from "./threads.ts";
import { useMyself } from "./useMyself.ts";

const Attach = part(() => import("./Attach.tsx"));

/** A conversation begins: to whom, about whom or what. `?patient=1&attach=Observation/2` fills it in. */
export default function NewMessage() {
  const me = useMyself();
  return me === undefined ? <Loading /> : <Form me={me} />;
}

function Form({ me }: { me: Myself }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [, go] = useLocation();
  const asked = new URLSearchParams(location.search);
  const patient = session.grant.patient ?? asked.get("patient") ?? undefined;
  const [values, setValues] = useState<Draft>(() => ({ id: crypto.randomUUID(), to: [], topic: "", patientId: patient, text: "", isUrgent: false, attachments: patient === undefined ? [] : referencesIn(asked.getAll("attach")) }));
  const [isAttaching, setAttaching] = useState(false);
  const [isMissing, setMissing] = useState(false);
  const isDirty = values.text !== "" || values.topic !== "" || values.to.length > 0;
  // A draft about one patient never comes back in a message about another.
  const draft = useDraft(`message new ${patient ?? ""}`, values, (kept) => setValues({ ...kept, attachments: [...new Set([...values.attachments, ...kept.attachments])] }), isDirty);
  const to = once(values.to, me.references);
  const hasContent = values.text.trim() !== "" || values.attachments.length > 0;
  const sending = useChange<Draft, unknown>(["Communication"], (fhir, given) => send(fhir, messageFrom(given, { reference: session.grant.fhirUser, display: me.name })));
  const submit = () => {
    if (to.length === 0 || !hasContent) {
      setMissing(true);
      return;
    }
    sending.mutate({ ...values, to }, {
      onSuccess: () => {
        void draft.clear();
        told(t("toldSent"));
        go(`/t/${values.id}`);
      },
    });
  };
  return (
    <Stack maw={720} gap="sm">
      <Title order={1}>{t("newMessage")}</Title>
      {sending.isError && <Failed error={sending.error} title={t("notSent")} />}
      <About patientId={values.patientId} isFixed={session.grant.patient !== undefined} onChange={(patientId) => setValues({ ...values, patientId, attachments: [] })} />
      <Recipients me={me} patientId={values.patientId} value={values.to} onChange={(chosen) => setValues({ ...values, to: chosen })} label={t("to")} error={isMissing && to.length === 0 ? t("toMissing") : undefined} />
      <TextInput label={t("topic")} value={values.topic} maxLength={120} onChange={(event) => setValues({ ...values, topic: event.currentTarget.value })} />
      <Textarea label={t("text")} autosize minRows={4} maxRows={16} value={values.text} error={isMissing && !hasContent ? t("textMissing") : undefined} onChange={(event) => setValues({ ...values, text: event.currentTarget.value })} />
      {values.attachments.length > 0 && (
        <div>
          <Text size="sm" c="dimmed">{t("attachMeans")}</Text>
          <Attachments references={values.attachments} patientId={values.patientId} onRemove={(gone) => setValues({ ...values, attachments: values.attachments.filter((one) => one !== gone) })} />
        </div>
      )}
      {isAttaching && values.patientId !== undefined && <Suspense fallback={<Loading />}><Attach patientId={values.patientId} chosen={values.attachments} onChoose={(attachments) => setValues({ ...values, attachments })} /></Suspense>}
      <Group justify="space-between">
        <Group>
          <Checkbox label={t("urgent")} checked={values.isUrgent} onChange={(event) => setValues({ ...values, isUrgent: event.currentTarget.checked })} />
          {values.patientId !== undefined && <Button variant="subtle" leftSection={<IconPaperclip size={16} aria-hidden />} aria-expanded={isAttaching} onClick={() => setAttaching(!isAttaching)}>{t("attach")}</Button>}
        </Group>
        <Button loading={sending.isPending} leftSection={<IconSend size={16} aria-hidden />} onClick={submit}>{t("send")}</Button>
      </Group>
      {draft.keptAt !== undefined && <Text size="xs" c="dimmed">{t("draftKept", { time: time(draft.keptAt) })}</Text>}
      {draft.restoredAt !== undefined && <Text size="xs" c="dimmed">{t("draftBack", { time: time(draft.restoredAt) })}</Text>}
    </Stack>
  );
}

/** Whom it is about, by two identifiers; nobody is right, too. */
function About({ patientId, isFixed, onChange }: { patientId?: string; isFixed: boolean; onChange: (patientId?: string) => void }) {
  const { t } = useTexts();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 250);
  const chosen = useRead<Patient>("Patient", patientId);
  const found = useSearch<Patient>("Patient", patientId === undefined && asked.length > 1 ? searchOf(asked) : undefined, { keep: true });
  const label = (one: Patient) => `${formalName(one.name)} · ${t("born")} ${one.birthDate === undefined ? t("notKnown") : day(one.birthDate)} · ${t("recordNumber")} ${recordNumber(one.identifier) ?? t("notKnown")}`;
  if (patientId !== undefined) {
    return (
      <Group gap="xs">
        <Text>{t("about")} <strong>{chosen.data === undefined ? (chosen.isError ? t("patientHidden") : "…") : label(chosen.data)}</strong></Text>
        {!isFixed && <Button variant="subtle" size="compact-sm" onClick={() => onChange(undefined)}>{t("anotherPatient")}</Button>}
      </Group>
    );
  }
  return (
    <Select
      label={t("aboutPatient")} placeholder={t("searchHint")} searchable clearable value={null} onChange={(id) => onChange(id ?? undefined)} onSearchChange={setTyped}
      data={resourcesOf<Patient>(found.data, "Patient").map((one) => ({ value: one.id ?? "", label: label(one) }))} filter={({ options }) => options} nothingFoundMessage={asked.length > 1 && !found.isFetching ? t("nothingFound") : undefined}
    />
  );
}
