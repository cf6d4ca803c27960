import { Anchor, Button, Group, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowLeft } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import { useChange } from "../shared/fhir/queries.ts";
import { age, day } from "../shared/format/dates.ts";
import { formalName, recordNumber } from "../shared/format/people.ts";
import { useMyApps } from "../shared/frame/useMyApps.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { Composer } from "./Composer.tsx";
import { MessageItem } from "./MessageItem.tsx";
import classes from "./messages.module.css";
import { markRead } from "./sending.ts";
import type { Message, Myself, Thread } from "./threads.ts";
import { useThread } from "./useThreads.ts";

/** A conversation: about whom, all messages, and the next one to write. */
export function ThreadView({ threadKey, me }: { threadKey: string; me: Myself }) {
  const { t } = useTexts();
  const { query, thread } = useThread(threadKey, me);
  return (
    <section className={classes.thread} aria-label={t("conversation")}>
      <Anchor component={Link} href="/" hiddenFrom="md"><IconArrowLeft size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("conversations")}</Anchor>
      <Loaded query={query} lines={6}>{() => (thread === undefined ? <Empty title={t("noSuch")} /> : <Opened thread={thread} me={me} />)}</Loaded>
    </section>
  );
}

function Opened({ thread, me }: { thread: Thread; me: Myself }) {
  const { t } = useTexts();
  const { session } = useSmart();
  useReading(thread, me);
  const { end, isBelow, toEnd } = useEnd(thread.last);
  return (
    <>
      <div>
        <About thread={thread} />
        {thread.topic !== "" && <Title order={2}>{thread.topic}</Title>}
        <Text size="sm" c="dimmed">{t("with", { names: thread.others.map((one) => one.display ?? t("somebody")).join(", ") })}</Text>
      </div>
      <ol className={classes.messages}>
        {thread.messages.map((one) => <MessageItem key={one.id} message={one} me={me} patientId={thread.patientId} />)}
      </ol>
      <VisuallyHidden role="status">{thread.last.isOwn ? "" : t("lastFrom", { name: thread.last.senderName })}</VisuallyHidden>
      {isBelow && <Button className={classes.fresh} size="compact-md" leftSection={<IconArrowDown size={16} aria-hidden />} onClick={toEnd}>{t("toNewest")}</Button>}
      <div ref={end} />
      {session.allows("Communication", "c") && <Composer thread={thread} me={me} onSent={toEnd} />}
    </>
  );
}

/** Two identifiers of the patient, and the way to the chart. */
function About({ thread }: { thread: Thread }) {
  const { t } = useTexts();
  const apps = useMyApps().map((one) => one.name);
  const { patient, patientId } = thread;
  if (patientId === undefined) return null;
  if (patient === undefined) return <Text fw={600}>{t("patientHidden")}</Text>;
  const old = age(patient.birthDate);
  return (
    <Group gap="xs">
      <Text fw={700} size="lg">{formalName(patient.name)}</Text>
      <Text size="sm">{t("born")} {patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}{old !== undefined && ` (${t(`ageUnit.${old.unit}`, { n: old.n })})`}</Text>
      <Text size="sm">{t("recordNumber")} {recordNumber(patient.identifier) ?? t("notKnown")}</Text>
      {apps.includes("chart") && <Anchor size="sm" href={`/apps/chart/patients/${patientId}`}>{t("openChart")}</Anchor>}
    </Group>
  );
}

/** What is seen is read: the senders get their receipts, once for each message. */
function useReading(thread: Thread, me: Myself): void {
  const { session } = useSmart();
  const done = useRef(new Set<string>());
  const myself = session.grant.fhirUser;
  const { mutate } = useChange<Message[], unknown>(["Communication"], (fhir, messages) => markRead(fhir, messages, { reference: myself, ...(me.name === "" ? {} : { display: me.name }) }));
  useEffect(() => {
    const read = () => {
      const fresh = thread.messages.filter((one) => one.isUnread && !done.current.has(one.id));
      if (fresh.length === 0 || document.visibilityState !== "visible" || !session.allows("Communication", "c")) return;
      for (const one of fresh) done.current.add(one.id);
      // Those that fail are tried again when the conversation is opened again.
      mutate(fresh);
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [mutate, session, thread]);
}

/** The newest message is in sight when a conversation opens; later ones don't move the page. */
function useEnd(last: Message) {
  const end = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(last.id);
  const toEnd = () => {
    setSeen(last.id);
    end.current?.scrollIntoView({ block: "end" });
  };
  useEffect(() => {
    const mark = end.current;
    if (mark === null) return;
    mark.scrollIntoView({ block: "end" });
  }, []);
  useEffect(() => {
    const mark = end.current;
    if (mark === null) return;
    const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && setSeen(last.id));
    watch.observe(mark);
    return () => watch.disconnect();
  }, [last.id]);
  return { end, isBelow: seen !== last.id && !last.isOwn, toEnd };
}
