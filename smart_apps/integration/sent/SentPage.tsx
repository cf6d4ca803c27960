import { Alert, Anchor, Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconClock } from "@tabler/icons-react";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { SentHead } from "../answers.ts";
import { ABOUT } from "../asking.ts";
import classes from "../messages/messages.module.css";
import { SentBadge } from "./SentBadge.tsx";
import { useReceivers, useSentHead, useSentMessage } from "./useSent.ts";

const Copy = part(() => import("../messages/Copy.tsx"));

/** One message that goes out: how it stands, what was answered, and sending it again, otherwise or not. */
export default function SentPage({ number }: { number: number }) {
  const { t } = useTexts();
  const head = useSentHead(number);
  const none = <Empty title={t("noMessage", { n: number })}><Anchor component={Link} href="/sent">{t("toSent")}</Anchor></Empty>;
  if (!Number.isSafeInteger(number)) return none;
  return <Loaded query={head} lines={10}>{(found) => (found === null ? none : <One message={found} />)}</Loaded>;
}

function One({ message }: { message: SentHead }) {
  const { t } = useTexts();
  const said = useSentMessage(message);
  const name = useReceivers().data?.receivers.find((one) => one.id === message.receiver)?.name ?? message.receiver;
  const [open, setOpen] = useState<"resend" | "cancel" | "copy">();
  const isOpen = message.state === "waiting" || message.state === "stopped";
  const facts: [string, string | undefined][] = [
    [t("receiver"), name], [t("about"), message.about], [t("madeAt"), moment(message.made)], [t("control"), message.controlId], [t("triesWord"), String(message.attempts)],
    [t("triedAt"), message.tried === undefined ? undefined : moment(message.tried)], [t("answeredWith"), message.acknowledgement], [t("endedAt"), message.ended === undefined ? undefined : moment(message.ended)],
  ];
  return (
    <Stack gap="md">
      <div>
        <Group gap="sm"><Title order={1}>{t("sentTitle", { n: message.id, event: message.event })}</Title><SentBadge state={message.state} /></Group>
        <dl className={classes.facts}>{facts.filter(([, value]) => value !== undefined).map(([label, value]) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
      </div>
      {message.state !== "accepted" && (
        <Alert color={message.state === "stopped" ? "red" : message.state === "waiting" ? "accent" : "yellow"} variant="light" icon={message.state === "waiting" ? <IconClock aria-hidden /> : <IconAlertTriangle aria-hidden />} title={message.reason}>
          {t(`sentAdvice.${message.state}`)}
        </Alert>
      )}
      <Group gap="xs">
        {message.state !== "waiting" && <Button onClick={() => setOpen("resend")}>{t("resendDots")}</Button>}
        <Button variant="default" disabled={said.data === undefined} onClick={() => setOpen("copy")}>{t("copyDots")}</Button>
        {isOpen && <Button variant="default" onClick={() => setOpen("cancel")}>{t("leaveOutDots")}</Button>}
      </Group>
      <Loaded query={said} lines={6}>
        {({ text, answer }) => (
          <>
            <section aria-label={t("text")}><Title order={2} mb="xs">{t("text")}</Title><pre className={classes.text}>{text}</pre></section>
            {answer !== null && answer !== "" && <section aria-label={t("answerOfReceiver")}><Title order={2} mb="xs">{t("answerOfReceiver")}</Title><pre className={classes.text}>{answer}</pre></section>}
          </>
        )}
      </Loaded>
      {(open === "resend" || open === "cancel") && <Confirm message={message} what={open} receiver={name} onClose={() => setOpen(undefined)} />}
      <Suspense>{open === "copy" && said.data !== undefined && <Copy message={said.data} list="sent" onClose={() => setOpen(undefined)} />}</Suspense>
    </Stack>
  );
}

/** Says what will happen before it does. */
function Confirm({ message, what, receiver, onClose }: { message: SentHead; what: "resend" | "cancel"; receiver: string; onClose: () => void }) {
  const { t } = useTexts();
  const change = useChange<undefined, unknown>(ABOUT, (fhir) => fhir.other(`/hl7v2/sent/${message.id}/${what}`, { method: "POST", body: {} }));
  const isResend = what === "resend";
  return (
    <Modal opened onClose={onClose} title={t(isResend ? "resendTitle" : "leaveOutTitle", { n: message.id })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{t(isResend ? (message.state === "stopped" ? "resendStopped" : "resendText") : "leaveOutText", { receiver })}</Text>
        {change.isError && <Failed error={change.error} title={t("notDone")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button color={isResend ? undefined : "red"} loading={change.isPending} onClick={() => change.mutate(undefined, { onSuccess: () => { told(t(isResend ? "resent" : "leftOut")); onClose(); } })}>{t(isResend ? "resend" : "leaveOut")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
