import { Button, Group, Stack, Table, Title } from "@mantine/core";
import type { FhirResource } from "fhir/r4";
import type { ReactNode } from "react";

import type { Parameters } from "../../shared/fhir/client.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { lineOf } from "./here.ts";
import { usePages } from "../../shared/fhir/usePages.ts";

export interface Column<T> {
  /** A key of the texts. */
  label: string;
  cell: (one: T) => ReactNode;
}

/** A list of one type: its title, what can be done, and a row for each; older ones on demand. */
export function Records<T extends FhirResource>({ type, parameters, title, empty, columns, actions, filter, children }: {
  type: T["resourceType"];
  parameters: Parameters;
  title: string;
  empty: string;
  columns: readonly Column<T>[];
  actions?: ReactNode;
  filter?: (one: T) => boolean;
  children?: ReactNode;
}) {
  const { t } = useTexts();
  const { query, all } = usePages<T>(type, parameters);
  const shown = filter === undefined ? all : all.filter(filter);
  const [first, ...others] = columns;
  return (
    <Stack gap="sm" maw={1180}>
      <Group justify="space-between"><Title order={2}>{title}</Title><Group gap="xs" className="fs-noprint">{actions}</Group></Group>
      {children}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={8} />}
      {query.isSuccess && shown.length === 0 && !query.hasNextPage && <Empty title={empty} />}
      {shown.length > 0 && (
        <Table className="fs-cards" highlightOnHover aria-label={title}>
          <Table.Thead><Table.Tr>{columns.map((column) => <Table.Th key={column.label} scope="col">{column.label === "actions" ? <span className="fs-hidden">{t("actions")}</span> : t(column.label)}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {shown.map((one) => (
              <Table.Tr key={one.id} {...lineOf(one.id)}>
                <Table.Th scope="row" fw={500}>{first?.cell(one)}</Table.Th>
                {others.map((column) => <Table.Td key={column.label} data-label={column.label === "actions" ? undefined : t(column.label)}>{column.cell(one)}</Table.Td>)}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {query.hasNextPage && <Group><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button></Group>}
    </Stack>
  );
}
