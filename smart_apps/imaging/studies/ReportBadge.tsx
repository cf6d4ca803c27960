import { IconCircleCheck, IconCircleDashed, IconEdit, IconProgressCheck } from "@tabler/icons-react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { ReportState } from "./studies.ts";
import classes from "./studies.module.css";

const SIGNS = { none: IconCircleDashed, preliminary: IconProgressCheck, final: IconCircleCheck, amended: IconEdit } as const;
const COLOURS = { none: "var(--mantine-color-dimmed)", preliminary: "var(--fs-warning)", final: "var(--fs-good)", amended: "var(--fs-good)" } as const;

/** How far the report has come: sign, word and colour. */
export function ReportBadge({ state }: { state: ReportState }) {
  const { t } = useTexts();
  const Sign = SIGNS[state];
  return (
    <span className={classes.report} style={{ color: COLOURS[state] }}>
      <Sign size={16} aria-hidden />
      {t(`report.${state}`)}
    </span>
  );
}
