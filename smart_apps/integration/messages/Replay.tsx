import { Alert, Button, Group, List, Modal, Radio, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useState } from "react";

import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { Change, Head, Preview, Previews } from "../answers.ts";
import { ABOUT } from "../asking.ts";
import { problemOf } from "../problem.ts";
import { operationsOf } from "./changes.ts";

/** Converts a message again: first what would change, then the deed. */
export default function Replay({ head, onClose }: { head: Head; onClose: () => void }) {
  const { t } = useTexts();
  const [scope, setScope] = useState("newer");
  // A new look each time that it is opened: what is stored may be different by now.
  const [opened] = useState(() => Date.now());
  const dry = useAsk<Previews>(["replay"], ["replay", head.id, opened], (fhir) => fhir.other("/hl7v2/replays", { method: "POST", body: { messages: [head.id], isDryRun: true } }));
  const replay = useChange<boolean, { messages: number }>(ABOUT, (fhir, withNewer) => fhir.other("/hl7v2/replays", { method: "POST", body: { messages: [head.id], withNewer } }));
  const preview = dry.data?.previews[0];
  const send = () => replay.mutate(scope === "newer", { onSuccess: ({ messages }) => { told(t("replayed", { n: messages })); onClose(); } });
  return (
    <Modal opened onClose={onClose} size="lg" title={t("replayTitle", { n: head.id })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Loaded query={dry} lines={5}>{() => <Differences preview={preview} />}</Loaded>
        {dry.isSuccess && preview?.reason === undefined && (
          <Radio.Group label={t("replayScope")} value={scope} onChange={setScope}>
            <Stack gap="xs" mt="xs">
              <Radio value="newer" label={t("scopeNewer")} description={t("scopeNewerMeans")} />
              <Radio value="only" label={t("scopeOnly")} description={t("scopeOnlyMeans")} />
            </Stack>
          </Radio.Group>
        )}
        {scope === "only" && preview !== undefined && preview.newer > 0 && <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />}>{t("overwrites", { n: preview.newer })}</Alert>}
        {replay.isError && <Failed error={replay.error} title={t("notDone")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button disabled={!dry.isSuccess} loading={replay.isPending} onClick={send}>{t("replay")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Differences({ preview }: { preview: Preview | undefined }) {
  const { t } = useTexts();
  if (preview === undefined) return <Text>{t("changesNothing")}</Text>;
  if (preview.reason !== undefined) return <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={t("failsAgain")}>{problemOf(preview.reason).text}</Alert>;
  return (
    <section aria-label={t("wouldChange")}>
      <Text fw={600} mb={4}>{t("wouldChange")}</Text>
      <List spacing={4}>{preview.changes.map((change, n) => <List.Item key={n}><OneChange change={change} /></List.Item>)}</List>
      {(preview.merges ?? 0) > 0 && <Text mt={4}>{t("wouldMerge", { n: preview.merges ?? 0 })}</Text>}
    </section>
  );
}

function OneChange({ change }: { change: Change }) {
  const { t } = useTexts();
  if ("create" in change) return <>{t("wouldCreate", { type: change.create })}</>;
  if ("remove" in change) return <>{t("wouldRemove", { what: change.remove })}</>;
  if (change.patch === undefined) return <>{t("wouldUpdate", { what: change.update })} {(change.elements ?? []).join(", ")} <Text span size="sm" c="dimmed">{t("whereOnly")}</Text></>;
  return (
    <>
      {t("wouldUpdate", { what: change.update })}
      <List size="sm" withPadding>
        {operationsOf(change.patch).map((one, n) => <List.Item key={n}>{t(`patch.${one.type}`)} {one.path}{one.value !== undefined && <>: <strong>{one.value}</strong></>}</List.Item>)}
      </List>
    </>
  );
}
