import { useMemo } from "react";

import { Trend as Chart } from "../../shared/charts/Trend.tsx";
import { plain } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Trend } from "./trend.ts";

/** The median, and the quartiles beside it. */
export default function SpanChart({ title, trend }: { title: string; trend: Trend }) {
  const { t } = useTexts();
  const lines = useMemo(
    () => (["median", "lower", "upper"] as const).map((figure) => ({
      label: t(`cohort.${figure}`),
      points: trend.spans.map((span) => ({ at: `${span.start}T12:00:00`, value: span[figure], shown: plain(span[figure]) })),
    })),
    [t, trend],
  );
  return <Chart title={title} unit={trend.unit} lines={lines} />;
}
