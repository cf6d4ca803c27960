import { ActionIcon, Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconNotes, IconStarOff } from "@tabler/icons-react";
import type { ImagingStudy } from "fhir/r4";
import { useState } from "react";

import { moment } from "../../shared/format/dates.ts";
import { failed, told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed, useReason } from "../../shared/states/Failed.tsx";
import { uidOf } from "../studies/studies.ts";
import { Thumbnail } from "../studies/Thumbnail.tsx";
import type { KeyImage } from "./keyImages.ts";
import { useKeyImages } from "./useKeyImages.ts";
import classes from "./viewer.module.css";

/** The marked pictures of a study; choosing one shows it. */
export function KeyImages({ study, onOpen }: { study: ImagingStudy; onOpen: (series: string, instance: string, frame: number) => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { query, marked, unmark, change, isChangeable } = useKeyImages(study);
  const reason = useReason();
  const onError = (error: unknown) => failed(reason(error));
  return (
    <section aria-labelledby="key-images">
      <Title order={3} id="key-images">{t("key.title")}</Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {!session.allows("Media", "s") && <Text size="sm">{t("key.hidden")}</Text>}
      {marked.length === 0 && !query.isError && !query.isLoading && <Text size="sm" c="dimmed">{t("key.none")}</Text>}
      <Stack gap="xs" mt="xs">
        {marked.map((one) => (
          <Marked
            key={one.key} image={one} study={study} onOpen={() => onOpen(one.series, one.instance, one.frame)}
            onUnmark={one.media === undefined || !isChangeable ? undefined : () => { if (one.media !== undefined) unmark.mutate(one.media, { onError, onSuccess: () => told(t("key.unmarked")) }); }}
            onNote={one.media === undefined || !isChangeable ? undefined : (note) => { if (one.media !== undefined) change.mutate({ media: one.media, note }, { onError, onSuccess: () => told(t("saved")) }); }}
          />
        ))}
      </Stack>
    </section>
  );
}

function Marked({ image, study, onOpen, onUnmark, onNote }: { image: KeyImage; study: ImagingStudy; onOpen: () => void; onUnmark?: () => void; onNote?: (note: string) => void }) {
  const { t } = useTexts();
  const [note, setNote] = useState<string>();
  const path = `studies/${uidOf(study) ?? ""}/series/${image.series}/instances/${image.instance}`;
  return (
    <div className={classes.marked}>
      <button type="button" className="fs-plain" aria-label={t("key.open")} onClick={onOpen}><Thumbnail path={path} label="" /></button>
      <div>
        <Text size="sm">{image.note ?? image.title}</Text>
        <Text size="sm" c="dimmed">{[image.media === undefined ? t("key.workstation") : undefined, image.at === undefined ? undefined : moment(image.at), image.by].filter(Boolean).join(" · ")}</Text>
        {note !== undefined && (
          <form onSubmit={(event) => { event.preventDefault(); onNote?.(note); setNote(undefined); }}>
            <TextInput mt={4} label={t("key.note")} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
            <Group gap="xs" mt={4}><Button size="xs" type="submit">{t("save")}</Button><Button size="xs" variant="default" onClick={() => setNote(undefined)}>{t("cancel")}</Button></Group>
          </form>
        )}
      </div>
      <Group gap={4} wrap="nowrap">
        {onNote !== undefined && note === undefined && <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("key.note")} onClick={() => setNote(image.note ?? "")}><IconNotes size={18} /></ActionIcon>}
        {onUnmark !== undefined && <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("key.unmark")} onClick={onUnmark}><IconStarOff size={18} /></ActionIcon>}
      </Group>
    </div>
  );
}
