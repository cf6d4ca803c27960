import { Anchor, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconDownload, IconPlus } from "@tabler/icons-react";
import type { DocumentReference } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useChange, useSearch } from "../../shared/fhir/queries.ts";
import { fromBase64 } from "../../shared/format/base64.ts";
import { moment } from "../../shared/format/dates.ts";
import { failed, told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { save } from "../save.ts";
import { scheduleOf, TYPES } from "./definition.ts";


/** The reports that who has signed in has put together, and the files that their schedules made. */
export function OwnReports() {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = session.grant.fhirUser;
  const own = useSearch<DocumentReference>("DocumentReference", me === undefined ? undefined : { type: `${TYPES}|report-definition`, author: me, _count: 100, _sort: "-date" });
  const files = useSearch<DocumentReference>("DocumentReference", me === undefined ? undefined : { type: `${TYPES}|scheduled-report`, author: me, _sort: "-date", _count: 50 });
  return (
    <section aria-labelledby="own-reports">
      <Group justify="space-between" align="end" mb="xs">
        <div>
          <Title order={2} id="own-reports">{t("ownReports")}</Title>
          <Text size="sm" c="dimmed">{t("ownReportsText")}</Text>
        </div>
        <Button component={Link} href="/reports/new" leftSection={<IconPlus size={18} aria-hidden />}>{t("newReport")}</Button>
      </Group>
      <Stack gap="md">
        <Loaded query={own} lines={4}>
          {(bundle) => <Definitions all={resourcesOf<Stored<DocumentReference>>(bundle, "DocumentReference")} />}
        </Loaded>
        <Loaded query={files} lines={3}>
          {(bundle) => <Files all={resourcesOf<Stored<DocumentReference>>(bundle, "DocumentReference")} />}
        </Loaded>
      </Stack>
    </section>
  );
}

function Definitions({ all }: { all: readonly Stored<DocumentReference>[] }) {
  const { t } = useTexts();
  const reason = useReason();
  const remove = useChange<DocumentReference, unknown>(["DocumentReference"], (fhir, one) => fhir.remove("DocumentReference", one.id ?? ""));
  const [asked, setAsked] = useState<string>();
  if (all.length === 0) return <Empty title={t("noOwnReports")}><Text size="sm">{t("noOwnReportsText")}</Text></Empty>;
  const drop = (one: DocumentReference) => remove.mutate(one, { onSuccess: () => told(t("reportRemoved", { name: one.description ?? "" })), onError: (error) => failed(reason(error)) });
  return (
    <Table className="fs-cards" aria-label={t("ownReports")}>
      <Table.Thead><Table.Tr><Table.Th scope="col">{t("reportTitle")}</Table.Th><Table.Th scope="col">{t("scheduleLabel")}</Table.Th><Table.Th scope="col">{t("changed")}</Table.Th><Table.Td /></Table.Tr></Table.Thead>
      <Table.Tbody>
        {all.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row"><Anchor component={Link} href={`/reports/own/${one.id}`}>{one.description}</Anchor></Table.Th>
            <Table.Td data-label={t("scheduleLabel")}>{t(`schedule.${scheduleOf(one) || "never"}`)}</Table.Td>
            <Table.Td data-label={t("changed")}>{moment(one.meta?.lastUpdated)}</Table.Td>
            <Table.Td>
              {asked === one.id
                ? <Group gap="xs"><Button size="xs" color="red" loading={remove.isPending} onClick={() => drop(one)}>{t("removeNow", { name: one.description ?? "" })}</Button><Button size="xs" variant="default" onClick={() => setAsked(undefined)}>{t("cancel")}</Button></Group>
                : <Button size="xs" variant="subtle" color="red" aria-label={t("removeReportOf", { name: one.description ?? "" })} onClick={() => setAsked(one.id)}>{t("removeReport")}</Button>}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Files({ all }: { all: readonly Stored<DocumentReference>[] }) {
  const { t } = useTexts();
  if (all.length === 0) return null;
  return (
    <Table className="fs-cards" aria-label={t("reportFiles")}>
      <Table.Thead><Table.Tr><Table.Th scope="col">{t("reportFiles")}</Table.Th><Table.Th scope="col">{t("made")}</Table.Th><Table.Td /></Table.Tr></Table.Thead>
      <Table.Tbody>
        {all.map((one) => {
          const attachment = one.content[0]?.attachment;
          return (
            <Table.Tr key={one.id}>
              <Table.Th scope="row" fw={400}>{one.description}</Table.Th>
              <Table.Td data-label={t("made")}>{moment(one.date)}</Table.Td>
              <Table.Td>
                {attachment?.data !== undefined && (
                  <Button size="xs" variant="default" leftSection={<IconDownload size={16} aria-hidden />} aria-label={t("saveFileOf", { name: attachment.title ?? "" })}
                    onClick={() => save(new Blob([fromBase64(attachment.data ?? "")], { type: attachment.contentType }), attachment.title ?? "report.csv")}>{t("format.csv")}</Button>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
