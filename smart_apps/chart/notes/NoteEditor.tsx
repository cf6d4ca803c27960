import { Alert, Button, Card, Group, NativeSelect, Stack, Text, Textarea } from "@mantine/core";
import type { DocumentReference, Encounter } from "fhir/r4";
import { useEffect, useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { isoNow, moment, time } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useCreate } from "../records/useCreate.ts";
import { ENTRY, noteOf, NOTE_TYPES } from "./notes.ts";

/** Writes a note, or an addendum: kept on this device while it is typed, final when it is signed. */
export function NoteEditor({ patient, appends, onClose }: { patient: string; appends?: DocumentReference; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMe();
  const { patient: who } = usePatientBatch(patient);
  const stay = useSearch<Encounter>("Encounter", { patient, status: "arrived,triaged,in-progress,onleave", _sort: "-date", _count: 1 });
  const isNurse = me?.roles.includes("nurse") === true;
  const [values, setValues] = useState({ text: "", type: "" });
  const [isTried, setTried] = useState(false);
  const { create, isSaving, id } = useCreate<DocumentReference>("DocumentReference", ENTRY);
  const isDirty = values.text.trim() !== "";
  const draft = useDraft(`note/${patient}/${appends?.id ?? "new"}`, values, setValues, isDirty);
  const type = appends?.type?.coding?.[0];
  const chosen = NOTE_TYPES.find((one) => one.code === (values.type === "" ? (isNurse ? "34746-8" : "11506-3") : values.type)) ?? NOTE_TYPES[0];

  useEffect(() => {
    if (!isDirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isDirty]);

  const sign = () => {
    setTried(true);
    if (!isDirty) return;
    const author = session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name };
    create(noteOf({
      text: values.text.trim(), patient, author, at: isoNow(), id, appends: appends?.id, encounter: resourcesOf<Encounter>(stay.data, "Encounter")[0]?.id,
      type: appends === undefined ? chosen : { code: type?.code ?? chosen.code, display: type?.display ?? words(appends.type) },
    }), t("noteSigned", { name: formalName(who?.name) }), () => void draft.clear().then(onClose));
  };
  return (
    <Card component="section" aria-label={t(appends === undefined ? "noteNew" : "addendumAdd")}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); sign(); }}>
        <Stack gap="sm">
          {appends === undefined
            ? <NativeSelect maw={320} label={t("noteType")} value={chosen.code} onChange={(event) => { const { value } = event.currentTarget; setValues((before) => ({ ...before, type: value })); }} data={NOTE_TYPES.map((one) => ({ value: one.code, label: t(`noteTypes.${one.code}`) }))} />
            : <Text size="sm">{t("addendumTo", { what: words(appends.type), at: moment(appends.date) })}</Text>}
          {draft.restoredAt !== undefined && <Alert color="gray" role="status">{t("draftBack", { time: moment(draft.restoredAt) })}</Alert>}
          <Textarea label={t("noteText")} autosize minRows={6} maxRows={24} value={values.text} error={isTried && !isDirty ? t("required") : undefined}
            onChange={(event) => { const { value } = event.currentTarget; setValues((before) => ({ ...before, text: value })); }} />
          <Group justify="space-between">
            <Text size="xs" c="dimmed" role="status">{draft.keptAt === undefined ? "" : t("draftKept", { time: time(new Date(draft.keptAt)) })}</Text>
            <Group gap="xs">
              {isDirty && <Button variant="subtle" color="red" onClick={() => void draft.clear().then(onClose)}>{t("draftDrop")}</Button>}
              <Button variant="default" onClick={onClose}>{t("close")}</Button>
              <Button type="submit" loading={isSaving}>{t("noteSign", { name: formalName(who?.name) })}</Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
