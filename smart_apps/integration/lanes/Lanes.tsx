import { Alert, Anchor, Badge, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { Link } from "wouter";

import { queryOf } from "../../shared/fhir/client.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { Lane, Sender } from "../answers.ts";
import { useLanes, useSenderName, useSenders } from "../asking.ts";
import { lasting } from "../duration.ts";
import { standing, worstFirst } from "./standing.ts";

const COLORS = { failed: "red", heldUp: "yellow", behind: "yellow", well: "green" } as const;

/** How the senders stand, and whose messages wait: what somebody has to look at is first. */
export function Lanes() {
  const { t } = useTexts();
  const senders = useSenders();
  const lanes = useLanes();
  return (
    <Stack gap="lg">
      <div>
        <Title order={1}>{t("place.lanes")}</Title>
        <Text size="sm" c="dimmed">{t("lanesText")}</Text>
      </div>
      <section aria-label={t("senders")}>
        <Title order={2} mb="xs">{t("senders")}</Title>
        <Loaded query={senders} lines={6}>{(said) => <Senders senders={said.senders} />}</Loaded>
      </section>
      <section aria-label={t("waitingLanes")}>
        <Title order={2}>{t("waitingLanes")}</Title>
        <Text size="sm" c="dimmed" mb="xs">{t("waitingLanesText")}</Text>
        <Loaded query={lanes} lines={4}>{(said) => <><WaitingLanes lanes={said.lanes} />{said.isCut && <Text c="dimmed">{t("cutList")}</Text>}</>}</Loaded>
      </section>
    </Stack>
  );
}

function Senders({ senders }: { senders: Sender[] }) {
  const { t } = useTexts();
  if (senders.length === 0) return <Empty title={t("noSenders")}>{t("noSendersText")}</Empty>;
  const failed = senders.reduce((sum, one) => sum + one.dead, 0);
  const heldUp = senders.reduce((sum, one) => sum + one.heldUp, 0);
  return (
    <Stack gap="sm">
      {failed + heldUp > 0
        ? <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={[failed > 0 ? t("nFailed", { n: failed }) : "", heldUp > 0 ? t("nHeldUp", { n: heldUp }) : ""].filter(Boolean).join(" · ")}>{t("needsSomebodyText")}</Alert>
        : <Alert color="green" variant="light" icon={<IconCircleCheck aria-hidden />} title={t("allWell")} />}
      <Table className="fs-cards" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("sender")}</Table.Th><Table.Th scope="col">{t("standing")}</Table.Th><Table.Th scope="col">{t("failed")}</Table.Th>
            <Table.Th scope="col">{t("heldUp")}</Table.Th><Table.Th scope="col">{t("waiting")}</Table.Th><Table.Th scope="col">{t("rate")}</Table.Th><Table.Th scope="col">{t("last")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{[...senders].sort(worstFirst).map((one) => <SenderRow key={one.id} sender={one} />)}</Table.Tbody>
      </Table>
    </Stack>
  );
}

function SenderRow({ sender }: { sender: Sender }) {
  const { t } = useTexts();
  const stands = standing(sender);
  const to = (state: string) => `/messages?${queryOf({ sender: sender.id, state })}`;
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <Anchor component={Link} href={to("")} fw={600}>{sender.name}</Anchor>
        {!sender.isEntered && <Text size="xs" c="dimmed">{t("notEntered")}</Text>}
      </Table.Th>
      <Table.Td data-label={t("standing")}><Badge variant="light" color={COLORS[stands]}>{t(`stands.${stands}`)}</Badge></Table.Td>
      <Table.Td data-label={t("failed")}>
        {sender.dead === 0 ? "0" : <Anchor component={Link} href={to("dead")} aria-label={t("failedOf", { n: sender.dead, sender: sender.name })}>{sender.dead}</Anchor>}
        {sender.lastError !== undefined && <Text size="xs" c="dimmed">{sender.lastError}</Text>}
      </Table.Td>
      <Table.Td data-label={t("heldUp")}>{t("patients", { n: sender.heldUp })}</Table.Td>
      <Table.Td data-label={t("waiting")}>
        {sender.waiting === 0 ? "0" : <Anchor component={Link} href={to("waiting,written")} aria-label={t("waitingOf", { n: sender.waiting, sender: sender.name })}>{sender.waiting}</Anchor>}
        {sender.oldestSeconds !== undefined && <Text size="xs" c="dimmed">{t("oldest", { time: lasting(sender.oldestSeconds) })}</Text>}
      </Table.Td>
      <Table.Td data-label={t("rate")}>{t("perHour", { n: sender.lastHour })}</Table.Td>
      <Table.Td data-label={t("last")}>{sender.last === undefined ? t("never") : moment(sender.last)}</Table.Td>
    </Table.Tr>
  );
}

function WaitingLanes({ lanes }: { lanes: Lane[] }) {
  const { t } = useTexts();
  const nameOf = useSenderName();
  if (lanes.length === 0) return <Empty title={t("noLanes")} />;
  return (
    <Table className="fs-cards" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("firstMessage")}</Table.Th><Table.Th scope="col">{t("sender")}</Table.Th><Table.Th scope="col">{t("depth")}</Table.Th>
          <Table.Th scope="col">{t("since")}</Table.Th><Table.Th scope="col">{t("whyWaiting")}</Table.Th><Table.Th scope="col">{t("nextTry")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lanes.map((one) => (
          <Table.Tr key={one.lane}>
            <Table.Th scope="row"><Anchor component={Link} href={`/messages/${one.first}`}>{t("messageNumber", { n: one.first })}</Anchor></Table.Th>
            <Table.Td data-label={t("sender")}>{nameOf(one.sender)}</Table.Td>
            <Table.Td data-label={t("depth")}>{one.depth}</Table.Td>
            <Table.Td data-label={t("since")}>{lasting(one.oldestSeconds ?? 0)}</Table.Td>
            <Table.Td data-label={t("whyWaiting")}>{one.reason ?? t("itsTurn")}{one.attempts > 0 && <Text size="xs" c="dimmed">{t("attempts", { n: one.attempts })}</Text>}</Table.Td>
            <Table.Td data-label={t("nextTry")}>{moment(one.due)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
