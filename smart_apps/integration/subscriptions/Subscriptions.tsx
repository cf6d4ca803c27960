import { Badge, Button, Group, Modal, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { Subscribed } from "../answers.ts";
import { ABOUT, usePolled } from "../asking.ts";

const COLORS: Record<string, string> = { active: "green", requested: "accent", error: "red", off: "gray" };
const ORDER = ["error", "requested", "active", "off"];

/** Who is told of changes, and how that stands; those that failed are first. */
export default function Subscriptions() {
  const { t } = useTexts();
  const query = usePolled<{ subscriptions: Subscribed[]; isCut: boolean }>("/admin/subscriptions");
  // Where there are more than are listed, those that failed must be among them.
  const failed = usePolled<{ subscriptions: Subscribed[] }>(query.data?.isCut === true ? "/admin/subscriptions" : undefined, { status: "error" });
  const [open, setOpen] = useState<Subscribed>();
  return (
    <Stack gap="md">
      <div>
        <Title order={1}>{t("place.subscriptions")}</Title>
        <Text size="sm" c="dimmed">{t("subscriptionsText")}</Text>
      </div>
      <Loaded query={query} lines={8}>
        {({ subscriptions, isCut }) => subscriptions.length === 0 ? <Empty title={t("noSubscriptions")}>{t("noSubscriptionsText")}</Empty> : (
          <>
            <Table className="fs-cards" aria-label={t("place.subscriptions")} verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t("subscription")}</Table.Th><Table.Th scope="col">{t("stateWord")}</Table.Th><Table.Th scope="col">{t("channel")}</Table.Th>
                  <Table.Th scope="col">{t("ofWhat")}</Table.Th><Table.Th scope="col">{t("events")}</Table.Th><Table.Th scope="col">{t("action")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>{[...new Map([...subscriptions, ...(failed.data?.subscriptions ?? [])].map((one) => [one.id, one])).values()].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.key - b.key).map((one) => <Row key={one.id} of={one} onRestart={() => setOpen(one)} />)}</Table.Tbody>
            </Table>
            {isCut && <Text c="dimmed">{t("cutList")}</Text>}
          </>
        )}
      </Loaded>
      {open !== undefined && <Restart of={open} onClose={() => setOpen(undefined)} />}
    </Stack>
  );
}

function Row({ of, onRestart }: { of: Subscribed; onRestart: () => void }) {
  const { t } = useTexts();
  return (
    <Table.Tr>
      <Table.Th scope="row">{of.reason ?? of.id}<Text size="xs" c="dimmed">{t("writtenBy", { name: of.by })}</Text></Table.Th>
      <Table.Td data-label={t("stateWord")}><Badge variant="light" color={COLORS[of.status] ?? "gray"}>{t(`subscribed.${of.status}`)}</Badge>{of.error !== undefined && <Text size="xs">{of.error}</Text>}</Table.Td>
      <Table.Td data-label={t("channel")}>{of.channel}{of.endpoint !== undefined && <Text size="xs" c="dimmed">{of.endpoint}</Text>}</Table.Td>
      <Table.Td data-label={t("ofWhat")}>{of.criteria.split("/SubscriptionTopic/").at(-1)}{of.ends !== undefined && <Text size="xs" c="dimmed">{t("endsAt", { at: moment(of.ends) })}</Text>}</Table.Td>
      <Table.Td data-label={t("events")}>{t("eventsTold", { n: of.events })}{of.waiting > 0 && <Text size="xs" c="dimmed">{t("eventsWaiting", { n: of.waiting })}</Text>}</Table.Td>
      <Table.Td data-label={of.status === "error" ? t("action") : undefined}>{of.status === "error" && <Button size="xs" aria-label={t("restartOf", { name: of.reason ?? of.id })} onClick={onRestart}>{t("restartDots")}</Button>}</Table.Td>
    </Table.Tr>
  );
}

function Restart({ of, onClose }: { of: Subscribed; onClose: () => void }) {
  const { t } = useTexts();
  const restart = useChange<undefined, unknown>(ABOUT, (fhir) => fhir.other(`/admin/subscriptions/${of.id}/restart`, { method: "POST", body: {} }));
  return (
    <Modal opened onClose={onClose} title={t("restartTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text fw={600}>{of.reason ?? of.id}</Text>
        {of.error !== undefined && <Text>{of.error}</Text>}
        <Text>{t("restartText")}</Text>
        {restart.isError && <Failed error={restart.error} title={t("notDone")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button loading={restart.isPending} onClick={() => restart.mutate(undefined, { onSuccess: () => { told(t("restarted")); onClose(); } })}>{t("restart")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
