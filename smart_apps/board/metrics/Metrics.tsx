import { Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconPrinter, IconRefresh } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";

import { FhirError } from "../../shared/fhir/client.ts";
import { moment, day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Definition } from "./Definition.tsx";
import { Figure } from "./Figure.tsx";
import classes from "./metrics.module.css";
import type { Period } from "./period.ts";
import { PeriodPicker } from "./PeriodPicker.tsx";
import { figures, METRICS, shown, strata, type Metric } from "./report.ts";
import { Spark } from "./Spark.tsx";
import { Now } from "./Now.tsx";
import { usePeriod } from "./usePeriod.ts";
import { useReport } from "./useReport.ts";

/** The hospital in figures: now, and of a period. */
export default function Metrics() {
  const { t } = useTexts();
  const queries = useQueryClient();
  const [period, setPeriod, search] = usePeriod();
  // Who may see no stays, such as an administrator, has the reports that are kept.
  const { error } = useReport("admissions", period);
  const isRefused = error instanceof FhirError && error.status === 403;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="end">
        <div>
          <Title order={1}>{t("place.metrics")}</Title>
          <Text size="sm" c="dimmed">{t("ofPeriod", { start: day(period.start), end: day(period.end) })} {t("yoursOnly")}</Text>
        </div>
        <Group gap="xs" align="end" className="fs-noprint">
          <PeriodPicker period={period} onChange={setPeriod} />
          <Button variant="default" leftSection={<IconRefresh size={18} aria-hidden />} onClick={() => void queries.invalidateQueries({ predicate: (query) => query.queryKey.includes("measure") })}>{t("again")}</Button>
          <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
        </Group>
      </Group>
      <Now />
      {isRefused ? (
        <Empty title={t("noFigures")}><Anchor component={Link} href="/reports">{t("noFiguresText")}</Anchor></Empty>
      ) : (
        <ul className={classes.tiles}>
          {METRICS.map((metric) => <li key={metric}><Tile metric={metric} period={period} search={search} /></li>)}
        </ul>
      )}
    </Stack>
  );
}

function Tile({ metric, period, search }: { metric: Metric; period: Period; search: string }) {
  const { t } = useTexts();
  const report = useReport(metric, period);
  return (
    <section className={classes.tile} aria-label={t(`metric.${metric}`)}>
      <div className={classes.tileHead}>
        <Anchor component={Link} href={`/metrics/${metric}${search}`} fw={600}>{t(`metric.${metric}`)}</Anchor>
        <Definition metric={metric} />
      </div>
      <Loaded query={report} lines={3}>
        {(said) => {
          const [first, ...others] = figures(said);
          return (
            <>
              {first !== undefined && <Figure metric={metric} figure={first} />}
              {others.length > 0 && first?.score !== undefined && (
                <div className={classes.small}>
                  {others.map((one) => {
                    const value = shown(metric, one.score);
                    return `${t(`statistic.${one.statistic}`)} ${value === undefined ? "–" : value.unit === "" ? value.value : `${value.value}\u00a0${t(`unit.${value.unit}`)}`}`;
                  }).join(" · ")}
                </div>
              )}
              <Spark values={strata(said, "day").filter((one) => one.key !== "").map((one) => one.score?.value ?? 0)} />
              <div className={classes.small}>{t("asOf", { time: moment(said.date) })}</div>
            </>
          );
        }}
      </Loaded>
    </section>
  );
}
