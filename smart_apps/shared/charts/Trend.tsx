import "uplot/dist/uPlot.min.css";

import { SegmentedControl, Table, useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useTexts } from "../i18n/i18n.ts";
import uPlot from "uplot";

import { moment } from "../format/dates.ts";
import { plain } from "../format/quantities.ts";

export interface Point {
  /** A FHIR dateTime or instant. */
  at: string;
  value: number;
  /** As the table says it, with flag and comparator. */
  shown?: string;
}

export interface Line {
  label: string;
  points: readonly Point[];
}

/** Values over time with their unit and range, and the same as a table. Only values of one unit belong in one chart. */
export function Trend({ title, unit, lines, low, high, height = 220 }: {
  title: string;
  unit: string;
  lines: readonly Line[];
  low?: number;
  high?: number;
  height?: number;
}) {
  const { t } = useTexts();
  const [view, setView] = useState("chart");
  const { ref, width } = useElementSize<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  const label = unit === "" ? title : `${title} (${unit})`;

  useEffect(() => {
    if (view !== "chart" || place.current === null || width === 0) return;
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--mantine-color-text");
    const grid = style.getPropertyValue("--fs-line");
    const colours = ["--fs-accent", "--fs-warning", "--fs-good"].map((name) => style.getPropertyValue(name));
    const times = [...new Set(lines.flatMap((line) => line.points.map((point) => Date.parse(point.at) / 1000)))].sort((a, b) => a - b);
    const columns = lines.map((line) => {
      const at = new Map(line.points.map((point) => [Date.parse(point.at) / 1000, point.value]));
      return times.map((when) => at.get(when) ?? null);
    });
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const plot = new uPlot(
      {
        width,
        height,
        cursor: { y: false },
        legend: { show: lines.length > 1 },
        scales: { y: { range: (_plot, min, max) => spread(Math.min(min, low ?? min), Math.max(max, high ?? max)) } },
        axes: [{ ...axis, values: [[86400, "{DD}-{MMM}", null, null, null, null, null, null, 1], [3600, "{HH}:{mm}", "\n{DD}-{MMM}", null, null, null, null, null, 1], [60, "{HH}:{mm}", "\n{DD}-{MMM}", null, null, null, null, null, 1]] }, { ...axis, size: 52 }],
        series: [{ label: t("time"), value: "{DD}-{MMM}-{YYYY} {HH}:{mm}" }, ...lines.map((line, n) => ({ label: line.label, stroke: colours[n % colours.length], width: 2, dash: n === 0 ? undefined : [6, 4], points: { show: true, size: 7 }, spanGaps: true }))],
        hooks: { drawClear: [(drawn) => shade(drawn, low, high, grid)] },
      },
      [times, ...columns],
      place.current,
    );
    return () => plot.destroy();
  }, [height, high, lines, low, scheme, t, view, width]);

  return (
    <section aria-label={label} ref={ref}>
      <div style={{ display: "flex", justifyContent: "space-between", alignItems: "center", gap: 8, flexWrap: "wrap" }}>
        <strong>{title} {unit !== "" && <span className="fs-unit">{unit}</span>}</strong>
        <SegmentedControl size="xs" aria-label={title} value={view} onChange={setView} data={[{ value: "chart", label: t("chart") }, { value: "table", label: t("table") }]} />
      </div>
      {view === "chart" ? <div ref={place} role="img" aria-label={summary(label, lines)} style={{ overflow: "hidden" }} /> : <Values label={label} lines={lines} />}
    </section>
  );
}

function Values({ label, lines }: { label: string; lines: readonly Line[] }) {
  const { t } = useTexts();
  const rows = lines.flatMap((line) => line.points.map((point) => ({ ...point, label: line.label }))).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <Table aria-label={label}>
      <Table.Thead><Table.Tr><Table.Th scope="col">{t("time")}</Table.Th>{lines.length > 1 && <Table.Th scope="col" />}<Table.Th scope="col">{t("value")}</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {rows.map((row, n) => (
          <Table.Tr key={n}><Table.Td>{moment(row.at)}</Table.Td>{lines.length > 1 && <Table.Td>{row.label}</Table.Td>}<Table.Td>{row.shown ?? plain(row.value)}</Table.Td></Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function spread(min: number, max: number): [number, number] {
  const margin = (max - min || Math.abs(max) || 1) * 0.1;
  return [min - margin, max + margin];
}

/** The normal range as a band behind the lines. */
function shade(plot: uPlot, low: number | undefined, high: number | undefined, colour: string): void {
  if (low === undefined && high === undefined) return;
  const { left, top, width, height } = plot.bbox;
  const upper = high === undefined ? top : Math.max(top, plot.valToPos(high, "y", true));
  const lower = low === undefined ? top + height : Math.min(top + height, plot.valToPos(low, "y", true));
  plot.ctx.save();
  plot.ctx.globalAlpha = 0.25;
  plot.ctx.fillStyle = colour;
  plot.ctx.fillRect(left, upper, width, Math.max(0, lower - upper));
  plot.ctx.restore();
}

/** What a screen reader says of the picture. */
function summary(label: string, lines: readonly Line[]): string {
  const last = lines.map((line) => {
    const point = [...line.points].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);
    return point === undefined ? "" : `${lines.length > 1 ? `${line.label} ` : ""}${point.shown ?? plain(point.value)}, ${moment(point.at)}`;
  });
  return `${label}: ${last.filter(Boolean).join("; ")}`;
}
