import { Button, Stack, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { AuditEvent, Bundle } from "fhir/r4";

import { linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { openingsOf } from "./sharing.ts";

const ROLES = new Set(["doctor", "nurse", "labtech", "radiologist", "pharmacist", "reception", "admin", "auditor", "integrator", "patient", "system"]);

/** Who has opened a document, as the audit trail tells who shared it. */
export default function Openings({ id }: { id: string }) {
  const { t } = useTexts();
  const { fhir, key, session } = useSmart();
  const query = useInfiniteQuery({
    queryKey: key(["AuditEvent", "Consent"], "opened-by", id),
    queryFn: ({ pageParam }) => fhir.page<AuditEvent>(pageParam),
    initialPageParam: `DocumentReference/${id}/$opened-by?_count=200`,
    getNextPageParam: (page: Bundle<AuditEvent>) => linkOf(page, "next"),
  });
  const openings = openingsOf((query.data?.pages ?? []).flatMap((page) => resourcesOf<AuditEvent>(page, "AuditEvent")), session.grant.fhirUser);
  return (
    <Stack gap="xs" component="section" aria-label={t("openedTitle")}>
      <Title order={3}>{t("openedTitle")}</Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={3} />}
      {query.isSuccess && openings.length === 0 && <Text size="sm">{t("openedByNobody")}</Text>}
      {openings.length > 0 && (
        <Table className="fs-cards" aria-label={t("openedTitle")}>
          <Table.Thead><Table.Tr>{["personColumn", "opened", "lastOpened"].map((label) => <Table.Th key={label} scope="col">{t(label)}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {openings.map((one) => (
              <Table.Tr key={one.reference ?? one.who}>
                <Table.Th scope="row" fw={500}>{one.who}{ROLES.has(one.role) && <Text span size="sm" c="dimmed"> · {t(`roleName.${one.role}`)}</Text>}</Table.Th>
                <Table.Td data-label={t("opened")}>{one.times === 0 ? t("openedInList") : t("openedTimes", { n: one.times })}</Table.Td>
                <Table.Td data-label={t("lastOpened")}>{moment(one.last)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
    </Stack>
  );
}
