import { Button, Card, Stack, Table, Text, Title } from "@mantine/core";
import type { ImplementationGuide } from "fhir/r4";

import { usePages } from "../../shared/fhir/usePages.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";

/** The guides that are installed: each is an ImplementationGuide. */
export function Packages() {
  const { t } = useTexts();
  const { query, all } = usePages<ImplementationGuide>("ImplementationGuide", { _sort: "name", _count: 50, _elements: "name,title,packageId,version,status,meta" });
  return (
    <Card component="section" aria-labelledby="packages">
      <Title order={2} id="packages" mb="xs">{t("packages")}</Title>
      <Stack gap="xs">
        {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
        {query.isPending && <Loading lines={3} />}
        {query.isSuccess && all.length === 0 && <Text>{t("noPackages")}</Text>}
        {all.length > 0 && (
          <Table className="fs-cards" aria-label={t("packages")}>
            <Table.Thead><Table.Tr><Table.Th scope="col">{t("package")}</Table.Th><Table.Th scope="col">{t("version")}</Table.Th><Table.Th scope="col">{t("installed")}</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {all.map((guide) => (
                <Table.Tr key={guide.id}>
                  <Table.Th scope="row" fw={400}>{guide.title ?? guide.name}<Text size="sm" c="dimmed">{guide.packageId}</Text></Table.Th>
                  <Table.Td data-label={t("version")}>{guide.version}</Table.Td>
                  <Table.Td data-label={t("installed")}>{moment(guide.meta?.lastUpdated)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("more")}</Button>}
        <Text size="sm" c="dimmed">{t("packagesHint")}</Text>
      </Stack>
    </Card>
  );
}
