import { Anchor, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { Bundle, DiagnosticReport, Observation } from "fhir/r4";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { normalRange, range } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { AttachmentView } from "../documents/AttachmentView.tsx";
import { Value } from "../../shared/format/Value.tsx";

/** A report: what it concludes, its results and its documents. */
export default function Report({ patient, report }: { patient: string; report: string }) {
  const { t } = useTexts();
  const query = useSearch<DiagnosticReport>("DiagnosticReport", { _id: report, patient, _include: "DiagnosticReport:result" }, { about: ["Observation"] });
  return (
    <Stack gap="sm" maw={960}>
      <Anchor component={Link} href={`/patients/${patient}/results`} size="sm" className="fs-noprint">{t("backTo", { where: t("results") })}</Anchor>
      <Loaded query={query} lines={8}>
        {(bundle: Bundle) => {
          const one = resourcesOf<DiagnosticReport>(bundle, "DiagnosticReport")[0];
          if (one === undefined) return <Empty title={t("failedGone")} />;
          const results = resourcesOf<Observation>(bundle, "Observation");
          return (
            <>
              <Title order={2}>{words(one.code)}</Title>
              <Group gap="lg">
                <Text size="sm"><strong>{t(`status.${one.status}`)}</strong></Text>
                <Text size="sm">{t("taken")} {moment(one.effectiveDateTime ?? one.effectivePeriod?.start) || t("notKnown")}</Text>
                <Text size="sm">{t("reported")} {moment(one.issued) || t("notYet")}</Text>
                <Text size="sm">{[...(one.resultsInterpreter ?? []), ...(one.performer ?? [])].map((who) => who.display).filter(Boolean).join(", ")}</Text>
              </Group>
              {one.conclusion !== undefined && <Card><Text style={{ whiteSpace: "pre-wrap" }}>{one.conclusion}</Text></Card>}
              {results.length > 0 && (
                <Table className="fs-cards" aria-label={t("results")}>
                  <Table.Thead><Table.Tr><Table.Th scope="col">{t("test")}</Table.Th><Table.Th scope="col">{t("value")}</Table.Th><Table.Th scope="col">{t("range")}</Table.Th></Table.Tr></Table.Thead>
                  <Table.Tbody>
                    {results.map((result) => (
                      <Table.Tr key={result.id}>
                        <Table.Th scope="row" fw={400}>{words(result.code)}</Table.Th>
                        <Table.Td data-label={t("value")}>{result.component === undefined ? <Value of={result} /> : result.component.map((part, n) => <div key={n}>{words(part.code)} <Value of={part} /></div>)}</Table.Td>
                        <Table.Td data-label={t("range")}>{range(normalRange(result)) || t("noRange")}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              )}
              {one.presentedForm?.map((form, n) => <AttachmentView key={n} attachment={form} name={words(one.code)} />)}
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}
