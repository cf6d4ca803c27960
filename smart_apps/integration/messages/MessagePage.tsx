import { Alert, Anchor, Button, Checkbox, Group, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconClock } from "@tabler/icons-react";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { Head, Message } from "../answers.ts";
import { useBeside, useHead, useLanesOf, useMessage, useSenderName } from "../asking.ts";
import { CODES, fieldAt, problemOf } from "../problem.ts";
import { StateBadge } from "../StateBadge.tsx";
import { segmentsOf } from "./fields.ts";
import classes from "./messages.module.css";
import { ResourceList } from "./ResourceList.tsx";
import { SegmentTable, type Chosen } from "./SegmentTable.tsx";

const Copy = part(() => import("./Copy.tsx"));
const Discard = part(() => import("./Discard.tsx"));
const Replay = part(() => import("./Replay.tsx"));

/** One message: what is wrong and what to do, then its fields beside the FHIR that they became. */
export default function MessagePage({ number }: { number: number }) {
  const { t } = useTexts();
  const head = useHead(number);
  const none = <Empty title={t("noMessage", { n: number })}><Anchor component={Link} href="/messages">{t("toMessages")}</Anchor></Empty>;
  if (!Number.isSafeInteger(number)) return none;
  return <Loaded query={head} lines={10}>{(found) => (found === null ? none : <One head={found} />)}</Loaded>;
}

function One({ head }: { head: Head }) {
  const { t } = useTexts();
  const nameOf = useSenderName();
  const message = useMessage(head);
  const [open, setOpen] = useState<"replay" | "copy" | "discard">();
  const close = () => setOpen(undefined);
  const hasEnded = head.state === "done" || head.state === "dead" || head.state === "discarded";
  const facts: [string, string | undefined][] = [
    [t("received"), moment(head.received)], [t("sender"), head.sender === undefined ? t("unknownSender") : nameOf(head.sender)], [t("control"), head.controlId],
    [t("versionWord"), head.version], [t("source"), [head.source, head.address].filter(Boolean).join(" ")], [t("answered"), head.acknowledgement], [t("endedAt"), head.ended === undefined ? undefined : moment(head.ended)],
  ];
  return (
    <Stack gap="md">
      <div>
        <Group gap="sm"><Title order={1}>{t("messageTitle", { n: head.id, event: head.event ?? "" })}</Title><StateBadge state={head.state} /></Group>
        <dl className={classes.facts}>{facts.filter(([, value]) => value !== undefined && value !== "").map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
        {head.copyOf !== undefined && <Anchor component={Link} href={`/messages/${head.copyOf}`}>{t("copyOf", { n: head.copyOf })}</Anchor>}
      </div>
      <Trouble head={head} />
      <Group gap="xs">
        {hasEnded && <Button onClick={() => setOpen("replay")}>{t("replayDots")}</Button>}
        {(hasEnded || head.state === "refused") && <Button variant="default" onClick={() => setOpen("copy")}>{t("copyDots")}</Button>}
        {(head.state === "dead" || head.state === "waiting") && <Button variant="default" onClick={() => setOpen("discard")}>{t("discardDots")}</Button>}
      </Group>
      <Loaded query={message} lines={10}>{(said) => <Content head={head} message={said} />}</Loaded>
      <Suspense>
        {open === "replay" && <Replay head={head} onClose={close} />}
        {open === "discard" && <Discard head={head} onClose={close} />}
        {open === "copy" && message.data !== undefined && <Copy message={message.data} list="messages" onClose={close} />}
      </Suspense>
    </Stack>
  );
}

/** Why it isn't done, in words, where, and what to do about it. */
function Trouble({ head }: { head: Head }) {
  const { t } = useTexts();
  const lanes = useLanesOf(head).data?.lanes;
  const lane = lanes?.find((one) => one.first === head.id);
  const before = lanes?.find((one) => one.first !== head.id);
  const isWaiting = head.state === "waiting" || head.state === "written";
  const reason = isWaiting ? (lane?.reason ?? undefined) : head.state === "done" ? undefined : head.reason;
  if (isWaiting && reason === undefined) return <Alert color="accent" variant="light" icon={<IconClock aria-hidden />} role="status">{t("advice.turn")} {before !== undefined && <Anchor component={Link} href={`/messages/${before.first}`}>{t("waitsBehind", { n: before.first })}</Anchor>}</Alert>;
  if (reason === undefined) return null;
  const problem = problemOf(reason);
  const isKnown = problem.code !== undefined && CODES.includes(problem.code);
  return (
    <Alert color={head.state === "dead" ? "red" : "yellow"} variant="light" icon={<IconAlertTriangle aria-hidden />} title={t(`trouble.${head.state}`)}>
      <Text>{isKnown && <strong>{t(`code.${problem.code ?? ""}`)}{problem.place !== undefined && ` (${problem.place})`}: </strong>}{!isKnown && problem.place !== undefined && <strong>{problem.place}: </strong>}{problem.text}</Text>
      {isWaiting && lane !== undefined && <Text size="sm">{t("tried", { n: lane.attempts, at: moment(lane.due) })}</Text>}
      <Text mt={4}>{t(isWaiting ? "advice.waiting" : `advice.${head.state}`)}</Text>
    </Alert>
  );
}

function Content({ head, message }: { head: Head; message: Message }) {
  const { t } = useTexts();
  const beside = useBeside(head);
  const [chosen, setChosen] = useState<Chosen>();
  const [withRules, setRules] = useState(false);
  const broken = head.state === "done" ? undefined : fieldAt(problemOf(head.reason ?? "").place);
  const codes = message.report.unknownCodes ?? [];
  return (
    <Stack gap="md">
      {codes.length > 0 && (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} title={t("unknownCodes", { n: codes.length })}>
          {codes.map((one) => `${one.position} ${one.vocabulary}: ${one.code}`).join("; ")}{" "}
          <Anchor component={Link} href={`/codes?sender=${encodeURIComponent(head.sender ?? "")}`}>{t("toCodes")}</Anchor>
        </Alert>
      )}
      {(message.report.notes ?? []).map((note) => <Text key={note}>{note}</Text>)}
      {message.report.removed !== undefined && message.report.removed.length > 0 && <Text>{t("removed", { what: message.report.removed.join(", ") })}</Text>}
      <Loaded query={beside} lines={12}>
        {({ fields, resources, reason }) => (
          <div className={classes.panes}>
            <section aria-label={t("segments")}>
              <Group justify="space-between"><Title order={2}>{t("segments")}</Title>{reason === undefined && <Checkbox label={t("withRules")} checked={withRules} onChange={(event) => setRules(event.currentTarget.checked)} />}</Group>
              {segmentsOf(fields).map((segment) => <SegmentTable key={segment.where} segment={segment} resources={resources} broken={broken} chosen={chosen} withRules={withRules} isConverted={reason === undefined} onChoose={setChosen} />)}
            </section>
            {/* What scrolls is reached by keyboard, too. */}
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <section aria-label={t("resources")} className={classes.side} tabIndex={0}>
              <Title order={2}>{t("resources")}</Title>
              {reason === undefined ? <><Text size="sm" c="dimmed" mb="xs">{t("resourcesText")}</Text><ResourceList resources={resources} chosen={chosen} /></> : <Text>{t("makesNothing", { reason: problemOf(reason).text })}</Text>}
            </section>
          </div>
        )}
      </Loaded>
      <Texts message={message} />
    </Stack>
  );
}

function Texts({ message }: { message: Message }) {
  const { t } = useTexts();
  const parts: [string, string | null][] = [[t("text"), message.text], [t("answerText"), message.answer], [t("applicationAnswer"), message.applicationAnswer]];
  return (
    <Stack gap="sm">
      {parts.filter(([, text]) => text !== null && text !== "").map(([label, text]) => (
        <details key={label}>
          <summary>{label}</summary>
          <pre className={classes.text}>{text}</pre>
        </details>
      ))}
      {message.isAnswerOwed && <Text size="sm">{t("answerOwed")}</Text>}
    </Stack>
  );
}
