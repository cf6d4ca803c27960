import { Badge, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Endpoint } from "fhir/r4";
import { Suspense, useState } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { KINDS, kindsOf, type Kind } from "./members.ts";

const EditPartner = part(() => import("./EditPartner.tsx"));

/** The systems that are entered: who may send what, and what is sent to whom. */
export default function Partners() {
  const { t } = useTexts();
  const { session } = useSmart();
  const { query, all } = usePages<Stored<Endpoint>>("Endpoint", { _sort: "name", _count: 100 });
  const [editing, setEditing] = useState<{ endpoint?: Stored<Endpoint>; kind: Kind }>();
  const mayChange = session.allows("Endpoint", "u");
  return (
    <Stack gap="md">
      <div>
        <Title order={1}>{t("place.partners")}</Title>
        <Text size="sm" c="dimmed">{t("partnersText")}</Text>
      </div>
      {mayChange && <Group gap="xs">{KINDS.map((kind) => <Button key={kind} variant="default" leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setEditing({ kind })}>{t(`addPartner.${kind}`)}</Button>)}</Group>}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={8} />}
      {query.isSuccess && all.length === 0 && <Empty title={t("noPartners")} />}
      {all.length > 0 && (
        <Table className="fs-cards" aria-label={t("place.partners")} verticalSpacing="xs">
          <Table.Thead><Table.Tr><Table.Th scope="col">{t("partner")}</Table.Th><Table.Th scope="col">{t("connectionKind")}</Table.Th><Table.Th scope="col">{t("stateWord")}</Table.Th><Table.Th scope="col">{t("entry")}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{all.map((one) => <Row key={one.id} endpoint={one} mayChange={mayChange} onEdit={(kind) => setEditing({ endpoint: one, kind })} />)}</Table.Tbody>
        </Table>
      )}
      {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("more")}</Button>}
      <Suspense>{editing !== undefined && <EditPartner key={`${editing.endpoint?.id ?? ""} ${editing.kind}`} endpoint={editing.endpoint} kind={editing.kind} onClose={() => setEditing(undefined)} />}</Suspense>
    </Stack>
  );
}

function Row({ endpoint, mayChange, onEdit }: { endpoint: Stored<Endpoint>; mayChange: boolean; onEdit: (kind: Kind) => void }) {
  const { t } = useTexts();
  const kinds = kindsOf(endpoint);
  const isOn = ["active", "test"].includes(endpoint.status);
  const name = endpoint.name ?? endpoint.id;
  const others: Kind[] = kinds.length === 1 && kinds[0] === "sender" ? ["receiver"] : kinds.length === 1 && kinds[0] === "receiver" ? ["sender"] : [];
  return (
    <Table.Tr>
      <Table.Th scope="row">{name}<Text size="xs" c="dimmed">{endpoint.id}</Text></Table.Th>
      <Table.Td data-label={t("connectionKind")}>{kinds.length === 0 ? t("otherEndpoint") : kinds.map((kind) => t(`partnerKind.${kind}`)).join(", ")}<Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>{endpoint.address}</Text></Table.Td>
      <Table.Td data-label={t("stateWord")}><Badge variant="light" color={isOn ? "green" : "gray"}>{t(isOn ? "switchedOn" : "switchedOff")}</Badge></Table.Td>
      <Table.Td data-label={mayChange && kinds.length > 0 ? t("entry") : undefined}>
        {mayChange && (
          <Group gap="xs">
            {kinds.map((kind) => <Button key={kind} size="xs" variant="default" aria-label={t("changeOf", { name, as: t(`partnerKind.${kind}`) })} onClick={() => onEdit(kind)}>{t(kinds.length > 1 ? `changeAs.${kind}` : "changeDots")}</Button>)}
            {others.map((kind) => <Button key={kind} size="xs" variant="subtle" aria-label={t("alsoOf", { name, as: t(`partnerKind.${kind}`) })} onClick={() => onEdit(kind)}>{t(`also.${kind}`)}</Button>)}
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
