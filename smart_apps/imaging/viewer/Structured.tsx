import { Title } from "@mantine/core";
import type { Patient } from "fhir/r4";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Attributes } from "./dicom.ts";
import { FileHead } from "./FileHead.tsx";
import { linesOf, reportTitle, standing, type Line } from "./structured.ts";
import classes from "./viewer.module.css";

/** A structured report as text to read. */
export function Structured({ report, patient }: { report: Attributes; patient?: Patient }) {
  const { t } = useTexts();
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, and keys must reach it
    <article className={classes.paper} tabIndex={0} aria-label={reportTitle(report) ?? t("report.untitled")}>
      <FileHead file={report} patient={patient} />
      <Title order={2}>{reportTitle(report) ?? t("report.untitled")}</Title>
      <p className={classes.standing}>{t(`standing.${standing(report)}`)}</p>
      <Lines lines={linesOf(report)} />
    </article>
  );
}

function Lines({ lines }: { lines: readonly Line[] }) {
  const { t } = useTexts();
  return (
    <ul className={classes.lines}>
      {lines.map((one) => (
        <li key={one.key}>
          {one.name !== undefined && <span className={classes.lineName}>{one.name}</span>}{" "}
          {one.value !== undefined && <span className={classes.lineValue}>{one.value}</span>}
          {one.images.length > 0 && <span className={classes.lineName}>{t("refers", { n: one.images.length })}</span>}
          {one.children.length > 0 && <Lines lines={one.children} />}
        </li>
      ))}
    </ul>
  );
}
