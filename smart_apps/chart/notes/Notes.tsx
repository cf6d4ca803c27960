import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconPencilPlus } from "@tabler/icons-react";
import type { DocumentReference } from "fhir/r4";
import { useState } from "react";

import { words } from "../../shared/format/codes.ts";
import { ago, moment } from "../../shared/format/dates.ts";
import { isInError, withdrawn } from "../../shared/format/inError.ts";
import { InError } from "../../shared/format/InError.tsx";
import { MarkInError } from "../../shared/forms/MarkInError.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { AttachmentView } from "../documents/AttachmentView.tsx";
import { usePages } from "../../shared/fhir/usePages.ts";
import { lineOf } from "../records/here.ts";
import { useSave } from "../records/useSave.tsx";
import { NoteEditor } from "./NoteEditor.tsx";
import { textOf, threadsOf } from "./notes.ts";

/** Notes as they were signed, the newest first, with their addenda. */
export default function Notes({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [editing, setEditing] = useState<{ appends?: DocumentReference }>();
  const [wrong, setWrong] = useState<DocumentReference>();
  const { query, all } = usePages<DocumentReference>("DocumentReference", { patient, category: "clinical-note", _sort: "-date", _count: 30 });
  const { save, conflict, isSaving } = useSave<DocumentReference>("DocumentReference", (theirs, mine) => [{ field: t("statusColumn"), theirs: theirs.status, mine: mine.status }]);
  const threads = threadsOf(all);
  const isMine = (one: DocumentReference) => one.author?.some((author) => author.reference === session.grant.fhirUser) === true;
  const markButton = (one: DocumentReference) => session.allows("DocumentReference", "u") && isMine(one) && !isInError(one)
    ? <Button className="fs-noprint" size="compact-sm" variant="subtle" color="red" onClick={() => setWrong(one)}>{t("inError.mark")}</Button> : null;
  return (
    <Stack gap="sm" maw={860}>
      <Group justify="space-between">
        <Title order={2}>{t("notes")}</Title>
        {session.allows("DocumentReference", "c") && editing === undefined && <Button leftSection={<IconPencilPlus size={16} aria-hidden />} onClick={() => setEditing({})}>{t("noteNew")}</Button>}
      </Group>
      {editing !== undefined && <NoteEditor key={editing.appends?.id ?? ""} patient={patient} appends={editing.appends} onClose={() => setEditing(undefined)} />}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={8} />}
      {query.isSuccess && threads.length === 0 && <Empty title={t("notesNone")} />}
      {threads.map(({ note, addenda }) => (
        <Card key={note.id} component="article" {...lineOf(note.id)}>
          <Note one={note} />
          {addenda.map((one) => <div key={one.id} {...lineOf(one.id)} style={{ borderLeft: "3px solid var(--fs-line)", paddingLeft: 12, marginTop: 12 }}><Text size="sm" fw={600}>{t("addendum")}</Text><Note one={one} />{markButton(one)}</div>)}
          <Group gap="xs" mt="xs" className="fs-noprint">
            {session.allows("DocumentReference", "c") && <Button size="compact-sm" variant="subtle" onClick={() => setEditing({ appends: note })}>{t("addendumAdd")}</Button>}
            {markButton(note)}
          </Group>
        </Card>
      ))}
      {query.hasNextPage && <Group><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button></Group>}
      {wrong !== undefined && (
        <MarkInError patient={patient} what={words(wrong.type)} isBusy={isSaving} onNo={() => setWrong(undefined)} onYes={(said) => save(withdrawn(wrong, said), t("inError.done"), () => setWrong(undefined))} />
      )}
      {conflict}
    </Stack>
  );
}

function Note({ one }: { one: DocumentReference }) {
  const { t } = useTexts();
  const content = textOf(one);
  const attachment = one.content[0]?.attachment;
  return (
    <InError of={one}>
      <Group gap="xs" mb={4} align="baseline">
        <Title order={3}>{words(one.type)}</Title>
        <Text size="sm" c="dimmed">{[moment(one.date), ago(one.date), one.author?.map((author) => author.display).filter(Boolean).join(", "), one.docStatus !== undefined && one.docStatus !== "final" ? t(`status.${one.docStatus}`) : ""].filter(Boolean).join(" · ")}</Text>
      </Group>
      {content !== undefined ? <Text style={{ whiteSpace: "pre-wrap", maxWidth: "72ch" }}>{content}</Text> : attachment !== undefined && <AttachmentView attachment={attachment} name={words(one.type)} />}
    </InError>
  );
}
