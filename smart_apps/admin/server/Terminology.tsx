import { Button, Card, Stack, Table, Text, Title } from "@mantine/core";
import type { CodeSystem } from "fhir/r4";

import { usePages } from "../../shared/fhir/usePages.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";

/** The code systems that are stored, in their versions. Those of FHIR itself are always there. */
export function Terminology() {
  const { t, language } = useTexts();
  const { query, all } = usePages<CodeSystem>("CodeSystem", { _sort: "name", _count: 50, _elements: "name,title,url,version,status,content,count,meta" });
  return (
    <Card component="section" aria-labelledby="terminology">
      <Title order={2} id="terminology" mb="xs">{t("terminology")}</Title>
      <Stack gap="xs">
        {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
        {query.isPending && <Loading lines={3} />}
        {query.isSuccess && all.length === 0 && <Text>{t("noCodeSystems")}</Text>}
        {all.length > 0 && (
          <Table className="fs-cards" aria-label={t("terminology")}>
            <Table.Thead><Table.Tr><Table.Th scope="col">{t("codeSystem")}</Table.Th><Table.Th scope="col">{t("version")}</Table.Th><Table.Th scope="col">{t("codes")}</Table.Th><Table.Th scope="col">{t("installed")}</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {all.map((system) => (
                <Table.Tr key={system.id}>
                  <Table.Th scope="row" fw={400}>{system.title ?? system.name ?? system.url}<Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>{system.url}</Text></Table.Th>
                  <Table.Td data-label={t("version")}>{system.version}</Table.Td>
                  <Table.Td data-label={t("codes")}>{system.count === undefined ? t(`content.${system.content}`) : new Intl.NumberFormat(language).format(system.count)}</Table.Td>
                  <Table.Td data-label={t("installed")}>{moment(system.meta?.lastUpdated)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("more")}</Button>}
        <Text size="sm" c="dimmed">{t("terminologyHint")}</Text>
      </Stack>
    </Card>
  );
}
