import type { ParametersParameter } from "fhir/r4";

import { plain } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { numberOf } from "../parameters.ts";
import classes from "./beds.module.css";

const STATES = ["free", "cleaning", "contaminated", "isolated", "closed", "unknown"] as const;

/** The hospital's beds, as $occupancy counts them. */
export function Totals({ of }: { of: ParametersParameter | undefined }) {
  const { t } = useTexts();
  if (of === undefined) return null;
  const rate = numberOf(of, "rate");
  return (
    <dl className={classes.totals} aria-label={t("totals")}>
      <div>
        <dt>{t("state.occupied")}</dt>
        <dd data-count="occupied">
          {numberOf(of, "occupied") ?? 0} <span className="fs-unit">{t("ofBeds", { n: numberOf(of, "beds") ?? 0 })}</span>
        </dd>
      </div>
      {rate !== undefined && <div><dt>{t("rate")}</dt><dd data-count="rate">{plain(rate)}{"\u00a0"}%</dd></div>}
      {STATES.filter((state) => ["free", "cleaning"].includes(state) || (numberOf(of, state) ?? 0) > 0).map((state) => (
        <div key={state}><dt>{t(`state.${state}`)}</dt><dd data-count={state}>{numberOf(of, state) ?? 0}</dd></div>
      ))}
    </dl>
  );
}

/** The same of one ward, in a line. */
export function WardCounts({ of }: { of: ParametersParameter }) {
  const { t } = useTexts();
  const rate = numberOf(of, "rate");
  return (
    <span className={classes.counts}>
      <span><b>{numberOf(of, "occupied") ?? 0}</b> {t("ofOccupied", { n: numberOf(of, "beds") ?? 0 })}{rate === undefined ? "" : ` · ${plain(rate)}\u00a0%`}</span>
      <span><b>{numberOf(of, "free") ?? 0}</b> {t("state.free")}</span>
      {(numberOf(of, "cleaning") ?? 0) > 0 && <span><b>{numberOf(of, "cleaning")}</b> {t("state.cleaning")}</span>}
    </span>
  );
}
