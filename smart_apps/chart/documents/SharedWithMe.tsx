import { Stack, Table, Text, Title } from "@mantine/core";
import { Link } from "wouter";

import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { nameOf } from "./kinds.ts";
import { useSharedWithMe } from "./useSharedWithMe.ts";

/** Documents that colleagues share with who has signed in, also of patients who aren't in their care. */
export default function SharedWithMe() {
  const { t } = useTexts();
  const { query, failure, isPending, received } = useSharedWithMe();
  return (
    <Stack gap="sm" maw={1180}>
      <Title order={1}>{t("sharedWithMe")}</Title>
      {failure !== null && <Failed error={failure} retry={() => void query.refetch()} />}
      {failure === null && isPending && <Loading lines={6} />}
      {query.isSuccess && received.length === 0 && <Empty title={t("sharedWithMeNone")}><Text size="sm" c="dimmed">{t("sharedWithMeNoneText")}</Text></Empty>}
      {received.length > 0 && (
        <Table className="fs-cards" highlightOnHover aria-label={t("sharedWithMe")}>
          <Table.Thead><Table.Tr>{["document", "patientColumn", "kindColumn", "sharedBy", "until"].map((label) => <Table.Th key={label} scope="col">{t(label)}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {received.map(({ document, consent }) => (
              <Table.Tr key={document.id}>
                <Table.Th scope="row" fw={500}><Link href={`/shared/${document.id}`} style={{ color: "var(--fs-accent)" }}>{nameOf(document)}</Link></Table.Th>
                <Table.Td data-label={t("patientColumn")}>{consent.patient?.display ?? t("notKnown")}</Table.Td>
                <Table.Td data-label={t("kindColumn")}>{words(document.type)}</Table.Td>
                <Table.Td data-label={t("sharedBy")}>{consent.performer?.map((one) => one.display).filter(Boolean).join(", ")}</Table.Td>
                <Table.Td data-label={t("until")}>{day(consent.provision?.period?.end)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}
