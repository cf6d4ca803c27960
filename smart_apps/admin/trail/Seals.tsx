import { Alert, Anchor, Button, Group, List, Progress as Bar, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { check, type Finding, type Progress } from "./checking.ts";
import { TrailNav } from "./TrailNav.tsx";

/** Whether the trail is as it was recorded: checked seal by seal, with a clear answer. */
export default function Seals() {
  const { t, language } = useTexts();
  const { fhir } = useSmart();
  const [progress, setProgress] = useState<Progress>();
  const [error, setError] = useState<unknown>();
  const [isRunning, setRunning] = useState(false);
  const [doneAt, setDoneAt] = useState<Date>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = async () => {
    const stop = new AbortController();
    running.current = stop;
    setProgress(undefined);
    setError(undefined);
    setDoneAt(undefined);
    setRunning(true);
    try {
      await check(fhir, setProgress, stop.signal);
      if (!stop.signal.aborted) setDoneAt(new Date());
    } catch (problem) {
      setError(problem);
    } finally {
      setRunning(false);
    }
  };
  const n = (of: number) => new Intl.NumberFormat(language).format(of);
  const finding = progress?.finding;
  return (
    <Stack gap="md" maw={760}>
      <Title order={1}>{t("seals")}</Title>
      <TrailNav />
      <Text>{t("sealsLead")}</Text>
      <Group gap="xs">
        <Button loading={isRunning} onClick={() => void start()}>{t(progress === undefined ? "sealsStart" : "sealsAgain")}</Button>
        {isRunning && <Button variant="default" onClick={() => running.current?.abort()}>{t("sealsStop")}</Button>}
      </Group>
      {progress !== undefined && (
        <div>
          <Bar value={progress.end === 0 ? 100 : (100 * progress.last) / progress.end} aria-label={t("seals")} color={finding === undefined ? undefined : "red"} />
          <Text size="sm" role={isRunning ? undefined : "status"}>{t("sealsSoFar", { n: n(progress.checked), of: n(progress.end) })}</Text>
        </div>
      )}
      {error !== undefined && <Failed error={error} title={t("sealsBroken")} retry={() => void start()} />}
      {!isRunning && progress !== undefined && !progress.isDone && error === undefined && <Alert color="yellow" role="status" title={t("sealsStopped")}>{t("sealsStoppedText")}</Alert>}
      {doneAt !== undefined && finding === undefined && progress !== undefined && (
        <Alert color="green" role="status" icon={<IconCircleCheck aria-hidden />} title={t("sealsGood")}>
          <Text>{progress.checked === 0 ? t("sealsNone") : t("sealsGoodText", { n: n(progress.checked), at: moment(doneAt) })}</Text>
          <Text size="sm" mt="xs">{t("sealsLimits")}</Text>
        </Alert>
      )}
      {finding !== undefined && <Wrong finding={finding} />}
    </Stack>
  );
}

function Wrong({ finding }: { finding: Finding }) {
  const { t } = useTexts();
  return (
    <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />} title={t(`trouble.${finding.trouble}`)}>
      <Text>{t("sealsPlace", { n: finding.seq })} {finding.text}</Text>
      {finding.event !== null && <Text size="sm">{t("sealsEvent", { id: finding.event })}</Text>}
      <Text mt="xs" fw={600}>{t("sealsToDo")}</Text>
      <List size="sm">
        <List.Item>{t("sealsToDo1")}</List.Item>
        <List.Item>{t("sealsToDo2")}</List.Item>
        <List.Item>{t("sealsToDo3")}</List.Item>
      </List>
      <Anchor component={Link} href="/trail">{t("trailSearch")}</Anchor>
    </Alert>
  );
}
