import { useTexts } from "../../shared/i18n/i18n.ts";
import classes from "./metrics.module.css";
import { shown, type Figure as OneFigure } from "./report.ts";

/** A figure with its unit, and what it is made of. */
export function Figure({ metric, figure }: { metric: string; figure: OneFigure }) {
  const { t } = useTexts();
  const value = shown(metric, figure.score);
  return (
    <div>
      <span className={classes.value} data-metric={metric} data-statistic={figure.statistic}>
        {value === undefined ? "–" : value.value}
        {value !== undefined && value.unit !== "" && <span className={classes.unit}>{"\u00a0"}{value.unit === "%" ? "%" : t(`unit.${value.unit}`)}</span>}
      </span>
      <div className={classes.small}><Counted metric={metric} figure={figure} /></div>
    </div>
  );
}

export function Counted({ metric, figure }: { metric: string; figure: OneFigure }) {
  const { t } = useTexts();
  if (figure.denominator !== undefined) return <>{t(`counted.${metric}`, { numerator: figure.numerator ?? 0, denominator: figure.denominator })}</>;
  return figure.statistic === "count" ? null : <>{t("countedOf", { n: figure.count ?? 0 })}</>;
}
