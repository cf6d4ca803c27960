import { Button, Group, NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import type { Bundle, MeasureReport } from "fhir/r4";
import { useState } from "react";

import { linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { queryOf } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { day, moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useRole } from "../../shared/frame/useMyApps.ts";
import { OwnReports } from "../builder/OwnReports.tsx";
import { Export } from "../metrics/Export.tsx";
import { Figure } from "../metrics/Figure.tsx";
import { figures, isMetric, metricOf, METRICS } from "../metrics/report.ts";

const A_PAGE = 20;

/** Reports that the server has made and kept, such as those of each day, week and month. */
export default function Reports() {
  const { t } = useTexts();
  const [metric, setMetric] = useState("");
  const [pages, setPages] = useState<readonly string[]>([]);
  const link = pages.at(-1);
  const found = useAsk<Bundle<MeasureReport>>(["MeasureReport"], ["reports", metric, link], (fhir) =>
    link === undefined
      ? fhir.operation(`MeasureReport?${queryOf({ _sort: "-date", _count: A_PAGE, measure: metric === "" ? undefined : `https://fhirserver.example/Measure/${metric}` })}`)
      : fhir.page<MeasureReport>(link));
  const hasOwn = useRole("doctor", "nurse", "reception");
  return (
    <Stack gap="md">
      <Title order={1}>{t("place.reports")}</Title>
      {hasOwn && <OwnReports />}
      <Group justify="space-between" align="end">
        <div>
          <Title order={2}>{t("keptReports")}</Title>
          <Text size="sm" c="dimmed">{t("reportsText")}</Text>
        </div>
        <NativeSelect label={t("metricWord")} value={metric} className="fs-noprint" onChange={(event) => {
          setMetric(event.currentTarget.value);
          setPages([]);
        }} data={[{ value: "", label: t("allMetrics") }, ...METRICS.map((one) => ({ value: one, label: t(`metric.${one}`) }))]} />
      </Group>
      <Loaded query={found} lines={10}>
        {(bundle) => {
          const reports = resourcesOf<MeasureReport>(bundle, "MeasureReport");
          const next = linkOf(bundle, "next");
          if (reports.length === 0) return <Empty title={t("noReports")}><Text size="sm">{t("noReportsText")}</Text></Empty>;
          return (
            <>
              <Table className="fs-cards">
                <Table.Thead>
                  <Table.Tr><Table.Th scope="col">{t("metricWord")}</Table.Th><Table.Th scope="col">{t("period")}</Table.Th><Table.Th scope="col">{t("value")}</Table.Th><Table.Th scope="col">{t("made")}</Table.Th><Table.Td /></Table.Tr>
                </Table.Thead>
                <Table.Tbody>{reports.map((report) => <Row key={report.id} report={report} />)}</Table.Tbody>
              </Table>
              <Group className="fs-noprint">
                {pages.length > 0 && <Button variant="default" onClick={() => setPages(pages.slice(0, -1))}>{t("previousPage")}</Button>}
                {next !== undefined && <Button variant="default" onClick={() => setPages([...pages, next])}>{t("nextPage")}</Button>}
              </Group>
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}

function Row({ report }: { report: MeasureReport }) {
  const { t } = useTexts();
  const metric = metricOf(report);
  const first = figures(report)[0];
  const { start, end } = report.period;
  const name = isMetric(metric) ? t(`metric.${metric}`) : metric;
  return (
    <Table.Tr>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td data-label={t("period")}>{start === end ? day(start) : `${day(start)} – ${day(end)}`}</Table.Td>
      <Table.Td data-label={t("value")}>{first !== undefined && isMetric(metric) ? <Figure metric={metric} figure={first} /> : (first?.score?.value ?? "–")}</Table.Td>
      <Table.Td data-label={t("made")}>{moment(report.date)}</Table.Td>
      <Table.Td><Export reports={[report]} name={`${metric}-${start ?? ""}-${end ?? ""}`} /></Table.Td>
    </Table.Tr>
  );
}
