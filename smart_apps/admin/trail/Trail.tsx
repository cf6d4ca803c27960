import { Anchor, Button, Stack, Table, Text, Title } from "@mantine/core";
import type { AuditEvent, Bundle } from "fhir/r4";
import { Suspense, useState } from "react";
import { useSearchParams } from "wouter";

import { linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { useClientNames } from "../clients/clients.ts";
import { usePatients } from "../people/patients.ts";
import { useMayNamePatients } from "../people/rights.ts";
import { useUser, useUsersOf, type User } from "../people/users.ts";
import { rowOf, type Row } from "./events.ts";
import { filterOf, searchOf, type Filter } from "./filter.ts";
import { FilterForm } from "./FilterForm.tsx";
import { Marks } from "./Marks.tsx";
import { precisely } from "./precisely.ts";
import { OWN_WORK, useSentence, type Names } from "./sentence.ts";
import { TrailNav } from "./TrailNav.tsx";

const EventDialog = part(() => import("./EventDialog.tsx"));

/** What was done, by whom, with whose records: searched, and read as sentences. */
export default function Trail() {
  const { t } = useTexts();
  const [query] = useSearchParams();
  const isOfficer = useMayNamePatients();
  const filter = filterOf(query);
  // An account is searched for by who it is in the records.
  const who = useUser(filter.who === "" || filter.who.includes("/") ? undefined : filter.who);
  // Administrators aren't told whom an event is about, nor may they search for it.
  const asked = isOfficer ? filter : { ...filter, patient: "" };
  return (
    <Stack gap="md">
      <Title order={1}>{t("trail")}</Title>
      <TrailNav />
      <FilterForm key={query.toString()} filter={asked} />
      {!isOfficer && <Text size="sm">{t("trailNoPatients")}</Text>}
      {who.isError && <Failed error={who.error} retry={() => void who.refetch()} />}
      {who.isLoading ? <Loading lines={8} /> : !who.isError && <Events filter={asked} who={who.data ?? undefined} />}
    </Stack>
  );
}

function Events({ filter, who }: { filter: Filter; who: User | undefined }) {
  const { t } = useTexts();
  const { query } = usePages<AuditEvent>("AuditEvent", searchOf(filter, who));
  const [open, setOpen] = useState<{ row: Row; names: Names }>();
  const pages = query.data?.pages ?? [];
  const isEmpty = pages.every((page) => resourcesOf<AuditEvent>(page, "AuditEvent").length === 0);
  const hasMore = linkOf(pages.at(-1), "next") !== undefined;
  return (
    <>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={8} />}
      {query.isSuccess && isEmpty && <Empty title={t("trailNothing")}><Text size="sm">{t("trailNothingHint")}</Text></Empty>}
      {query.isSuccess && !isEmpty && (
        <Table className="fs-cards" bg="var(--mantine-color-body)" aria-label={t("trail")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col" w="12rem">{t("when")}</Table.Th>
              <Table.Th scope="col">{t("whatHappened")}</Table.Th>
              <Table.Th scope="col" w="11rem">{t("through")}</Table.Th>
              <Table.Th scope="col" w="11rem">{t("outcome")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          {pages.map((page, n) => <Page key={n} page={page} onOpen={(row, names) => setOpen({ row, names })} />)}
        </Table>
      )}
      {hasMore && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
      <Suspense>{open !== undefined && <EventDialog {...open} onClose={() => setOpen(undefined)} />}</Suspense>
    </>
  );
}

/** A page of events; who the patients are is asked for once a page. */
function Page({ page, onOpen }: { page: Bundle<AuditEvent>; onOpen: (row: Row, names: Names) => void }) {
  const { t } = useTexts();
  const sentence = useSentence();
  const clients = useClientNames();
  const rows = resourcesOf<AuditEvent>(page, "AuditEvent").map(rowOf);
  const users = useUsersOf(rows.flatMap((row) => [...(row.person === undefined ? [] : [row.person]), ...row.subjects.filter((one) => one.kind === "account").map((one) => ({ account: one.id }))]));
  const patients = usePatients(rows.flatMap((row) => (row.patients.length === 1 ? row.patients : [])));
  const names: Names = { users, clients, patients };
  return (
    <Table.Tbody>
      {rows.map((row) => (
        <Table.Tr key={row.id}>
          <Table.Td data-label={t("when")} style={{ whiteSpace: "nowrap" }}>{precisely(row.at)}</Table.Td>
          <Table.Th scope="row" fw={400}>
            <Anchor component="button" type="button" ta="start" c="inherit" underline="always" onClick={() => onOpen(row, names)}>{sentence(row, names)}</Anchor>
          </Table.Th>
          <Table.Td data-label={t("through")}>{row.client.startsWith(OWN_WORK) ? "" : (clients.get(row.client) ?? row.client)}</Table.Td>
          <Table.Td data-label={t("outcome")}><Marks row={row} /></Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  );
}
