import { Button, Table } from "@mantine/core";
import type { ReactNode } from "react";

import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import classes from "./metrics.module.css";
import { shown, type Grouping, type Stratum } from "./report.ts";

/** Figures by day, ward or clinician; each leads to its list. */
export function Strata({ metric, by, rows, counted, onOpen }: {
  metric: string;
  by: Grouping;
  rows: readonly Stratum[];
  counted: (row: Stratum) => ReactNode;
  onOpen: (row: Stratum) => void;
}) {
  const { t } = useTexts();
  const most = Math.max(...rows.map((row) => row.score?.value ?? 0));
  const sorted = by === "day" ? [...rows].reverse() : [...rows].sort((a, b) => (b.score?.value ?? 0) - (a.score?.value ?? 0));
  return (
    <Table className="fs-cards">
      <Table.Thead>
        <Table.Tr><Table.Th scope="col">{t(`group.${by}`)}</Table.Th><Table.Th scope="col">{t("value")}</Table.Th><Table.Td /><Table.Th scope="col">{t("madeOf")}</Table.Th><Table.Td /></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {sorted.map((row) => {
          const value = shown(metric, row.score);
          const name = row.key === "" ? t("notKnown") : by === "day" ? day(row.key) : row.name;
          return (
            <Table.Tr key={row.key}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td data-label={t("value")} className="fs-value">{value === undefined ? "–" : value.value}{value !== undefined && value.unit !== "" && <span className="fs-unit">{"\u00a0"}{value.unit === "%" ? "%" : t(`unit.${value.unit}`)}</span>}</Table.Td>
              <Table.Td className={classes.barCell} aria-hidden><div className={classes.bar} style={{ width: `${most > 0 ? ((row.score?.value ?? 0) / most) * 100 : 0}%` }} /></Table.Td>
              <Table.Td data-label={t("madeOf")}>{counted(row)}</Table.Td>
              <Table.Td className="fs-noprint"><Button size="xs" variant="subtle" onClick={() => onOpen({ ...row, name })} aria-label={t("listOf", { what: name })}>{t("showList")}</Button></Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
