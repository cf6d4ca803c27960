import { Anchor, Button, Card, Group, Stack, Tabs, Text, Title } from "@mantine/core";
import { IconList, IconPrinter } from "@tabler/icons-react";
import type { MeasureReport } from "fhir/r4";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { day, moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { DefinitionText } from "./Definition.tsx";
import { Export } from "./Export.tsx";
import { Counted, Figure } from "./Figure.tsx";
import classes from "./metrics.module.css";
import { PeriodPicker } from "./PeriodPicker.tsx";
import { figures, groupings, isMetric, strata, type Grouping } from "./report.ts";
import { Strata } from "./Strata.tsx";
import { usePeriod } from "./usePeriod.ts";
import { useReport } from "./useReport.ts";

const Behind = part(() => import("./Behind.tsx"));
const DayChart = part(() => import("./DayChart.tsx"));

/** What is behind a number: all of it, or one group. */
export interface Opened {
  by?: Grouping;
  key?: string;
  name: string;
}

/** One metric: its figures by day, ward and clinician, and the list behind each. */
export default function MetricPage({ id }: { id: string }) {
  const { t } = useTexts();
  const [period, setPeriod, search] = usePeriod();
  const [open, setOpen] = useState<Opened>();
  const report = useReport(id, period, "summary", isMetric(id));
  if (!isMetric(id)) return <Empty title={t("nothingFound")}><Anchor component={Link} href="/metrics">{t("place.metrics")}</Anchor></Empty>;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="end">
        <div>
          <Anchor component={Link} href={`/metrics${search}`} size="sm" className="fs-noprint">{t("place.metrics")}</Anchor>
          <Title order={1}>{t(`metric.${id}`)}</Title>
          <Text size="sm" c="dimmed">{t("ofPeriod", { start: day(period.start), end: day(period.end) })} {t("yoursOnly")}</Text>
        </div>
        <Group gap="xs" align="end" className="fs-noprint">
          <PeriodPicker period={period} onChange={setPeriod} />
          <Export reports={report.data === undefined ? [] : [report.data]} name={`${id}-${period.start}-${period.end}`} />
          <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
        </Group>
      </Group>
      <Card><DefinitionText metric={id} /></Card>
      <Loaded query={report} lines={8}>{(said) => <Whole metric={id} report={said} onOpen={setOpen} />}</Loaded>
      {open !== undefined && <Suspense><Behind metric={id} period={period} of={open} onClose={() => setOpen(undefined)} /></Suspense>}
    </Stack>
  );
}

function Whole({ metric, report, onOpen }: { metric: string; report: MeasureReport; onOpen: (what: Opened) => void }) {
  const { t } = useTexts();
  const by = groupings(report);
  return (
    <>
      <Card>
        <Group justify="space-between" align="end">
          <dl className={classes.stats}>
            {figures(report).map((one) => (
              <div key={one.statistic}><dt>{t(`statistic.${one.statistic}`)}</dt><dd><Figure metric={metric} figure={one} /></dd></div>
            ))}
          </dl>
          <div>
            <Button variant="default" className="fs-noprint" leftSection={<IconList size={18} aria-hidden />} onClick={() => onOpen({ name: t(`metric.${metric}`) })}>{t("showList")}</Button>
            <Text className={classes.small} mt={4}>{t("asOf", { time: moment(report.date) })}</Text>
          </div>
        </Group>
      </Card>
      {by.length === 0 ? <Empty title={t("nothingCounted")} /> : (
        <Tabs defaultValue={by[0]} keepMounted={false}>
          <Tabs.List className="fs-noprint">{by.map((one) => <Tabs.Tab key={one} value={one}>{t(`by.${one}`)}</Tabs.Tab>)}</Tabs.List>
          {by.map((one) => (
            <Tabs.Panel key={one} value={one} pt="sm">
              <Stack gap="md">
                {one === "day" && strata(report, "day").length > 1 && <Suspense><DayChart metric={metric} strata={strata(report, "day")} /></Suspense>}
                <Strata metric={metric} by={one} rows={strata(report, one)} onOpen={(row) => onOpen({ by: one, key: row.key, name: row.name })} counted={(row) => <Counted metric={metric} figure={row} />} />
              </Stack>
            </Tabs.Panel>
          ))}
        </Tabs>
      )}
    </>
  );
}
