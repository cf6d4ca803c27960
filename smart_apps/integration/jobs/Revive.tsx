import { Button, Group, Modal, Stack, Table, Text } from "@mantine/core";

import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { moment } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { ABOUT } from "../asking.ts";

interface Dead {
  id: number;
  at: string;
  attempts: number;
  reason: string;
}

/** What a queue has given up and why, and trying it again: one, or all. */
export default function Revive({ topic, onClose }: { topic: string; onClose: () => void }) {
  const { t } = useTexts();
  const path = `/admin/queues/${encodeURIComponent(topic)}`;
  const query = useAsk<{ dead: Dead[]; isCut: boolean }>(ABOUT, ["dead", topic], (fhir) => fhir.other(`${path}/dead`));
  const revive = useChange<number[] | undefined, { revived: number }>(ABOUT, (fhir, ids) => fhir.other(`${path}/revive`, { method: "POST", body: ids === undefined ? {} : { ids } }));
  const send = (ids?: number[]) => revive.mutate(ids, { onSuccess: ({ revived }) => { told(t("revived", { n: revived })); if (ids === undefined) onClose(); } });
  return (
    <Modal opened onClose={onClose} size="lg" title={t("givenUpOf", { topic })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text size="sm">{t("reviveText")}</Text>
        <Loaded query={query} lines={5}>
          {({ dead, isCut }) => dead.length === 0 ? <Text role="status">{t("nothingGivenUp")}</Text> : (
            <>
              <Table className="fs-cards" aria-label={t("givenUpOf", { topic })}>
                <Table.Thead><Table.Tr><Table.Th scope="col">{t("number")}</Table.Th><Table.Th scope="col">{t("reason")}</Table.Th><Table.Th scope="col">{t("givenUpAt")}</Table.Th><Table.Th scope="col">{t("action")}</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>
                  {dead.map((one) => (
                    <Table.Tr key={one.id}>
                      <Table.Th scope="row" fw={400}>{one.id}</Table.Th>
                      <Table.Td data-label={t("reason")} style={{ overflowWrap: "anywhere" }}>{one.reason}<Text size="xs" c="dimmed">{t("attempts", { n: one.attempts })}</Text></Table.Td>
                      <Table.Td data-label={t("givenUpAt")}>{moment(one.at)}</Table.Td>
                      <Table.Td data-label={t("action")}><Button size="xs" variant="default" loading={revive.isPending && revive.variables?.[0] === one.id} aria-label={t("reviveOf", { n: one.id })} onClick={() => send([one.id])}>{t("revive")}</Button></Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
              {isCut && <Text size="sm" c="dimmed">{t("cutList")}</Text>}
            </>
          )}
        </Loaded>
        {revive.isError && <Failed error={revive.error} title={t("notDone")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("close")}</Button>
          {(query.data?.dead.length ?? 0) > 0 && <Button loading={revive.isPending && revive.variables === undefined} onClick={() => send()}>{t("reviveAll")}</Button>}
        </Group>
      </Stack>
    </Modal>
  );
}
