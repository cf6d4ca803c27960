import { Alert, Button, Group, List, Text } from "@mantine/core";
import { IconAlertTriangle, IconCloudUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { Link } from "wouter";

import { isAbout } from "../../shared/fhir/queries.ts";
import { moment } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { toldOf } from "./entry.ts";
import { discard, onQueue, release, sendWaiting, waiting, type Waiting } from "./queue.ts";

const AGAIN_MS = 20_000;

/** What waits on this device to be sent, and what the server refused: nothing that was entered is lost silently. */
export function Queue({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { fhir, session } = useSmart();
  const queries = useQueryClient();
  const [rounds, setRounds] = useState<Waiting[]>([]);
  const { iss, fhirUser: user = "" } = session.grant;

  const attempt = useCallback(async () => {
    const sent = await sendWaiting(fhir, iss, user);
    if (sent === 0) return;
    told(t("queueSent", { n: sent }));
    await queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["Observation", "Flag"]) });
  }, [fhir, iss, queries, t, user]);

  useEffect(() => {
    const look = () => void waiting(iss, user).then(setRounds);
    look();
    return onQueue(look);
  }, [iss, user]);

  const isWaiting = rounds.some((round) => round.refused === undefined);
  useEffect(() => {
    if (!isWaiting) return;
    const now = () => void attempt();
    now();
    const timer = setInterval(now, AGAIN_MS);
    window.addEventListener("online", now);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", now);
    };
  }, [attempt, isWaiting]);

  if (rounds.length === 0) return null;
  return (
    <>
      {isWaiting && (
        <Alert role="status" color="yellow" mb="sm" icon={<IconCloudUpload aria-hidden />}>
          <Group justify="space-between">
            <Text size="sm">{t("queueWaits", { n: rounds.filter((round) => round.refused === undefined).length })}</Text>
            <Button size="compact-sm" variant="default" onClick={() => void attempt()}>{t("queueNow")}</Button>
          </Group>
        </Alert>
      )}
      {rounds.filter((round) => round.refused !== undefined).map((round) => (
        <Alert key={round.id} role="alert" color="red" mb="sm" icon={<IconAlertTriangle aria-hidden />} title={t("queueRefused", { at: moment(round.at) })}>
          <Text size="sm">{round.refused === "merged" ? t("queueMerged") : (round.refused ?? "")}</Text>
          <List size="sm">{toldOf(round.entries).map((text) => <List.Item key={text}>{text}</List.Item>)}</List>
          <Group mt="xs" gap="xs">
            {round.patient !== patient && <Button component={Link} href={`/patients/${round.patient}`} size="xs" variant="default">{t("queueOpen")}</Button>}
            <Button size="xs" variant="default" onClick={() => void release(round.id)}>{t("retry")}</Button>
            <Discard id={round.id} />
          </Group>
        </Alert>
      ))}
    </>
  );
}

/** Asks once more, because what was measured is gone then. */
function Discard({ id }: { id: string }) {
  const { t } = useTexts();
  const [isAsked, setAsked] = useState(false);
  return (
    <Button size="xs" variant={isAsked ? "filled" : "default"} color="red" onClick={() => (isAsked ? void discard(id) : setAsked(true))}>
      {isAsked ? t("queueDiscardSure") : t("queueDiscard")}
    </Button>
  );
}
