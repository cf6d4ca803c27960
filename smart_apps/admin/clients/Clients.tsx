import { Anchor, Badge, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useMayChange } from "../people/rights.ts";
import { useClients, type Client } from "./clients.ts";

const Register = part(() => import("./Register.tsx"));

/** The apps and services that may ask this server for something. */
export default function Clients() {
  const { t } = useTexts();
  const query = useClients();
  const mayChange = useMayChange();
  const [isNew, setNew] = useState(false);
  return (
    <Stack gap="md" maw={1080}>
      <Group justify="space-between">
        <div>
          <Title order={1}>{t("clients")}</Title>
          <Text c="dimmed">{t("clientsLead")}</Text>
        </div>
        {mayChange && <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setNew(true)}>{t("registerClient")}</Button>}
      </Group>
      <Loaded query={query} lines={8}>
        {(clients) => {
          const others = clients.filter((client) => client.ownApp === null);
          const own = clients.filter((client) => client.ownApp !== null);
          return (
            <>
              <Several title={t("clientsOthers")} clients={others} empty={t("clientsNone")} />
              <Several title={t("clientsOwn")} clients={own} empty={t("clientsNone")} />
            </>
          );
        }}
      </Loaded>
      <Suspense>{isNew && <Register onClose={() => setNew(false)} />}</Suspense>
    </Stack>
  );
}

function Several({ title, clients, empty }: { title: string; clients: readonly Client[]; empty: string }) {
  const { t } = useTexts();
  return (
    <section aria-label={title}>
      <Title order={2} mb="xs">{title}</Title>
      {clients.length === 0 ? <Empty title={empty} /> : (
        <Table className="fs-cards" bg="var(--mantine-color-body)" aria-label={title}>
          <Table.Thead>
            <Table.Tr><Table.Th scope="col">{t("app")}</Table.Th><Table.Th scope="col">{t("clientKind")}</Table.Th><Table.Th scope="col">{t("registered")}</Table.Th><Table.Th scope="col">{t("state")}</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {[...clients].sort((a, b) => a.name.localeCompare(b.name)).map((client) => (
              <Table.Tr key={client.id}>
                <Table.Th scope="row" fw={400}><Anchor component={Link} href={`/clients/${encodeURIComponent(client.id)}`} fw={600}>{client.name}</Anchor></Table.Th>
                <Table.Td data-label={t("clientKind")}>{t(kindKey(client))}</Table.Td>
                <Table.Td data-label={t("registered")}>{day(client.created ?? undefined)}</Table.Td>
                <Table.Td data-label={t("state")}>{client.isActive ? t("active") : <Badge variant="light" color="red">{t("shutOut")}</Badge>}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}

/** The key of what a client is, in words. */
export function kindKey(client: Client): string {
  return client.grantTypes.includes("client_credentials") ? "kind.service" : `kind.${client.kind}`;
}
