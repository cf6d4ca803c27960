import { Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import type { Parameters as FhirParameters } from "fhir/r4";
import { Suspense, useState } from "react";
import { useLocation, useSearch } from "wouter";

import { queryOf } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { day } from "../../shared/format/dates.ts";
import { plain } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { ExportRows } from "../builder/ExportRows.tsx";
import { periodIn } from "../metrics/period.ts";
import { Question } from "./Question.tsx";
import { ageError, askedIn, queryFor, searchOf, TABLE, trendIn, type Asked, type Span, type Trend } from "./trend.ts";

const SpanChart = part(() => import("./SpanChart.tsx"));
const Members = part(() => import("./Members.tsx"));

/** A measured value in a group of patients over time: median and quartiles, and who is behind each. */
export default function Cohorts() {
  const { t } = useTexts();
  const search = useSearch();
  const [here, go] = useLocation();
  const [open, setOpen] = useState<Span>();
  const period = periodIn(search);
  const asked = askedIn(new URLSearchParams(search));
  const isReady = asked.code !== "" && ageError(asked.ageFrom, asked.ageTo) === undefined;
  const change = (more: Partial<Asked>) => go(`${here}?${searchOf({ ...asked, ...more }, period)}`, { replace: true });
  const answer = useAsk<FhirParameters>([], isReady ? ["cohort-trend", search] : undefined, (fhir) => fhir.operation<FhirParameters>(`Observation/$cohort-trend?${queryOf(queryFor(asked, period))}`));
  return (
    <Stack gap="md">
      <Group justify="space-between" align="end">
        <div>
          <Title order={1}>{t("place.trends")}</Title>
          <Text size="sm" c="dimmed">{t("cohort.text")} {t("yoursOnly")}</Text>
        </div>
        <Group gap="xs" className="fs-noprint">
          <ExportRows view={answer.data === undefined ? undefined : TABLE} of={answer.data === undefined ? [] : [answer.data]} name={`${asked.name}-${period.start}-${period.end}`} />
          <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
        </Group>
      </Group>
      <Question asked={asked} period={period} onChange={change} onPeriod={(next) => go(`${here}?${searchOf(asked, next)}`, { replace: true })} />
      {isReady
        ? <Loaded query={answer} lines={10}>{(said) => <Figures asked={asked} trend={trendIn(said)} onOpen={setOpen} />}</Loaded>
        : <Empty title={t("cohort.chooseValue")}><Text size="sm">{t("cohort.chooseValueText")}</Text></Empty>}
      {open !== undefined && <Suspense><Members asked={asked} period={period} span={open} onClose={() => setOpen(undefined)} /></Suspense>}
    </Stack>
  );
}

function Figures({ asked, trend, onOpen }: { asked: Asked; trend: Trend; onOpen: (span: Span) => void }) {
  const { t } = useTexts();
  const notes = [
    trend.cohort === undefined ? "" : t("cohort.size", { n: trend.cohort }),
    ...trend.leftOut.map((one) => t("cohort.leftOut", { n: one.values, unit: one.unit === "" ? t("cohort.noUnit") : one.unit })),
  ].filter((text) => text !== "");
  return (
    <>
      {notes.length > 0 && <Text size="sm" role="status">{notes.join(" ")}</Text>}
      {trend.spans.length === 0 ? <Empty title={t("cohort.none")} /> : (
        <>
          {trend.spans.length > 1 && <Suspense><SpanChart title={asked.name} trend={trend} /></Suspense>}
          <Table className="fs-cards" aria-label={asked.name}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t(`cohort.step.${asked.by}`)}</Table.Th><Table.Th scope="col">{t("cohort.patients")}</Table.Th><Table.Th scope="col">{t("cohort.values")}</Table.Th>
                {(["minimum", "lower", "median", "upper", "maximum"] as const).map((name) => <Table.Th key={name} scope="col">{t(`cohort.${name}`)} <span className="fs-unit">{trend.unit}</span></Table.Th>)}
                <Table.Td className="fs-noprint" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {[...trend.spans].reverse().map((span) => {
                const name = span.start === span.end ? day(span.start) : `${day(span.start)} – ${day(span.end)}`;
                return (
                  <Table.Tr key={span.start}>
                    <Table.Th scope="row">{name}</Table.Th>
                    <Table.Td data-label={t("cohort.patients")}>{span.patients}</Table.Td>
                    <Table.Td data-label={t("cohort.values")}>{span.values}</Table.Td>
                    {(["minimum", "lower", "median", "upper", "maximum"] as const).map((figure) => <Table.Td key={figure} data-label={t(`cohort.${figure}`)} data-figure={figure} className={figure === "median" ? "fs-value" : undefined}>{plain(span[figure])}</Table.Td>)}
                    <Table.Td className="fs-noprint"><Button size="xs" variant="subtle" aria-label={t("listOf", { what: name })} onClick={() => onOpen(span)}>{t("showList")}</Button></Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </>
      )}
    </>
  );
}
