import { Button, Card, Group, SegmentedControl, SimpleGrid, Stack, Title } from "@mantine/core";
import { IconHeartPlus } from "@tabler/icons-react";
import type { Observation } from "fhir/r4";
import { Suspense, useMemo, useState } from "react";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { level, normalRange } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { valueText } from "../../shared/format/Value.tsx";
import { part } from "../../shared/parts/part.tsx";
import { LatestVitals } from "../summary/LatestVitals.tsx";
import { readingsOf, SIGNS, type Reading } from "./signs.ts";

const Trend = part(async () => ({ default: (await import("../../shared/charts/Trend.tsx")).Trend }));
const DAYS = ["1", "3", "14", "365"] as const;
const CHARTS = [["respiration"], ["saturation"], ["systolic", "diastolic"], ["pulse"], ["temperature"], ["pain"], ["weight"]] as const;

/** The latest values, and each sign over time. */
export default function Vitals({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [days, setDays] = useState("3");
  const since = useMemo(() => new Date(new Date().getTime() - Number(days) * 86_400_000).toISOString().slice(0, 16) + ":00Z", [days]);
  const latest = useSearch<Observation>("Observation", { patient, category: "vital-signs", _sort: "-date", _count: 60 });
  const past = useSearch<Observation>("Observation", { patient, category: "vital-signs", date: `ge${since}`, _sort: "-date", _count: 1000 }, { keep: true });
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={2}>{t("vitals")}</Title>
        {session.allows("Observation", "c") && <Button component={Link} href={`/patients/${patient}/vitals/new`} leftSection={<IconHeartPlus size={18} aria-hidden />} className="fs-noprint">{t("recordVitals")}</Button>}
      </Group>
      <Loaded query={latest}>
        {(bundle) => (resourcesOf<Observation>(bundle).length === 0 ? <Empty title={t("vitalsNoneEver")} /> : (
          <Card maw={560}><LatestVitals observations={resourcesOf<Observation>(bundle, "Observation")} /></Card>
        ))}
      </Loaded>
      <SegmentedControl w="fit-content" size="xs" aria-label={t("span")} value={days} onChange={setDays} data={DAYS.map((n) => ({ value: n, label: t("days", { n: Number(n) }) }))} className="fs-noprint" />
      <Loaded query={past}>
        {(bundle) => {
          const all = resourcesOf<Observation>(bundle, "Observation");
          const charts = CHARTS.map((keys) => ({ keys, lines: keys.map((key) => ({ key, points: pointsOf(key, all) })) })).filter((chart) => chart.lines.some((line) => line.points.length > 0));
          if (charts.length === 0) return <Empty title={t("vitalsNoneSince", { n: Number(days) })} />;
          return (
            <Suspense fallback={<Loading lines={8} />}>
              <SimpleGrid cols={{ base: 1, lg: 2 }}>
                {charts.map(({ keys, lines }) => {
                  const sign = SIGNS.find((one) => one.key === keys[0]);
                  const range = normalRange(lines[0]?.points[0]?.of.value ?? { code: {} });
                  return (
                    <Card key={keys[0]}>
                      <Trend title={keys.length > 1 ? t("pressure") : t(`sign.${keys[0]}`)} unit={sign?.shown ?? ""} lines={lines.map((line) => ({ label: t(`sign.${line.key}`), points: line.points }))} low={keys.length > 1 ? undefined : range?.low?.value} high={keys.length > 1 ? undefined : range?.high?.value} />
                    </Card>
                  );
                })}
              </SimpleGrid>
            </Suspense>
          );
        }}
      </Loaded>
    </Stack>
  );
}

/** The points of a sign in its own unit: those of another unit aren't joined to them. */
function pointsOf(key: string, all: readonly Observation[]): { at: string; value: number; shown: string; of: Reading }[] {
  const sign = SIGNS.find((one) => one.key === key);
  if (sign === undefined) return [];
  return readingsOf(sign, all).flatMap((of) => {
    const quantity = of.value.valueQuantity;
    if (quantity?.value === undefined || (quantity.code ?? quantity.unit) !== sign.unit) return [];
    const how = level(of.value);
    return [{ at: of.at, value: quantity.value, shown: `${valueText(of.value)}${how === undefined || how === "N" ? "" : ` ${how}`}`, of }];
  });
}
