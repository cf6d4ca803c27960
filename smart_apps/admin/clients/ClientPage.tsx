import { Anchor, Badge, Button, Card, Code, Group, List, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Link, useParams } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { moment } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Confirm } from "../people/Confirm.tsx";
import { useMayChange } from "../people/rights.ts";
import { kindKey } from "./Clients.tsx";
import { useClients, type Client } from "./clients.ts";
import { useScopeSentences } from "./scopes.ts";

type Change = "isActive" | "isTrusted";

/** One app: what it may ask for at most, where its codes go, and whether it is let in. */
export default function ClientPage() {
  const { t } = useTexts();
  const { id } = useParams<{ id: string }>();
  const query = useClients();
  return (
    <Stack gap="md" maw={920}>
      <Anchor component={Link} href="/clients">{t("allClients")}</Anchor>
      <Loaded query={query} lines={8}>
        {(clients) => {
          const client = clients.find((one) => one.id === decodeURIComponent(id));
          return client === undefined ? <Empty title={t("noClient")} /> : <One client={client} />;
        }}
      </Loaded>
    </Stack>
  );
}

function One({ client }: { client: Client }) {
  const { t } = useTexts();
  const sentences = useScopeSentences();
  const mayChange = useMayChange();
  const { app } = useSmart();
  // Who shuts out this very app can't let it in again.
  const isThis = client.ownApp === app.name;
  const [asking, setAsking] = useState<Change>();
  return (
    <>
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={1}>{client.name} {!client.isActive && <Badge variant="light" color="red">{t("shutOut")}</Badge>}</Title>
          <Text c="dimmed">{t(kindKey(client))}{client.created !== null && ` · ${t("since", { at: moment(client.created) })}`}</Text>
        </div>
        {mayChange && (
          <Group gap="xs">
            {client.ownApp === null && <Button variant="default" onClick={() => setAsking("isTrusted")}>{t(client.isTrusted ? "untrustDots" : "trustDots")}</Button>}
            {!isThis && <Button variant="default" onClick={() => setAsking("isActive")}>{t(client.isActive ? "shutOutDots" : "letInDots")}</Button>}
          </Group>
        )}
      </Group>
      <Card component="section" aria-labelledby="may-ask">
        <Title order={2} id="may-ask" mb="xs">{t("mayAsk")}</Title>
        <List size="sm" spacing={4}>{sentences(client.scope).map((sentence) => <List.Item key={sentence}>{sentence}</List.Item>)}</List>
        <Text size="sm" c="dimmed" mt="xs">{t("mayAskMeans")}</Text>
      </Card>
      <Card component="section" aria-labelledby="technical">
        <Title order={2} id="technical" mb="xs">{t("technical")}</Title>
        <Stack gap={4}>
          <Text size="sm"><Text span c="dimmed" size="sm">{t("clientId")}: </Text><Code>{client.id}</Code></Text>
          {client.redirectUris.map((one) => <Text key={one} size="sm"><Text span c="dimmed" size="sm">{t("redirect")}: </Text><Code>{one}</Code></Text>)}
          {client.launchUri !== null && <Text size="sm"><Text span c="dimmed" size="sm">{t("launchUri")}: </Text><Code>{client.launchUri}</Code></Text>}
          {client.jwksUri !== null && <Text size="sm"><Text span c="dimmed" size="sm">{t("jwksUri")}: </Text><Code>{client.jwksUri}</Code></Text>}
          <Text size="sm"><Text span c="dimmed" size="sm">{t("scopes")}: </Text><Code>{client.scope}</Code></Text>
          <Text size="sm">{t(client.isTrusted ? "isTrusted" : "isNotTrusted")}</Text>
        </Stack>
      </Card>
      {asking !== undefined && <Ask client={client} change={asking} onClose={() => setAsking(undefined)} />}
    </>
  );
}

function Ask({ client, change, onClose }: { client: Client; change: Change; onClose: () => void }) {
  const { t } = useTexts();
  const value = !client[change];
  const save = useChange<undefined, unknown>(["Client"], (fhir) => fhir.other(`/admin/clients/${encodeURIComponent(client.id)}`, { method: "PATCH", body: { [change]: value } }));
  const what = change === "isActive" ? (value ? "letIn" : "shutOut") : value ? "trust" : "untrust";
  return (
    <Confirm
      title={t(`ask.${what}.title`, { name: client.name })} action={t(`ask.${what}.do`)} isDanger={what === "shutOut"} isBusy={save.isPending} error={save.error} onClose={onClose}
      onDo={() => save.mutate(undefined, { onSuccess: () => { told(t("saved")); onClose(); } })}
    >
      <Text>{t(`ask.${what}.text`, { name: client.name })}</Text>
      {what === "shutOut" && client.ownApp !== null && <Text fw={600}>{t("shutOutOwn")}</Text>}
    </Confirm>
  );
}
