import { useMemo } from "react";

import { Trend } from "../../shared/charts/Trend.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { shown, type Stratum } from "./report.ts";

/** A metric day by day. */
export default function DayChart({ metric, strata }: { metric: string; strata: readonly Stratum[] }) {
  const { t } = useTexts();
  const days = strata.filter((one) => one.key !== "" && one.score?.value !== undefined);
  const unit = shown(metric, days[0]?.score)?.unit ?? "";
  const title = t(`metric.${metric}`);
  const lines = useMemo(
    () => [{ label: title, points: days.map((one) => ({ at: `${one.key}T12:00:00`, value: Number(shown(metric, one.score)?.value ?? 0), shown: shown(metric, one.score)?.value })) }],
    [days, metric, title],
  );
  return <Trend title={title} unit={unit === "" || unit === "%" ? unit : t(`unit.${unit}`)} lines={lines} low={undefined} />;
}
