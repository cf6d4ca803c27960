import { IconAlertTriangle } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { calibrationOf } from "./calibration.ts";
import { cornersOf, differencesFrom } from "./overlay.ts";
import type { Picture, Stack } from "./stacks.ts";
import type { ViewState } from "./StackView.ts";
import classes from "./viewer.module.css";

const SIDES = ["left", "right", "top", "bottom"] as const;

/** In the corners: whose picture it is, of when, which one, and how it is shown; at the edges: the sides of the patient. */
export function Overlay({ stack, picture, state, patient, isPrior }: { stack: Stack; picture: Picture; state: ViewState; patient?: Patient; isPrior: boolean }) {
  const { t } = useTexts();
  const { patient: whose, study, series, slice } = cornersOf(picture.attributes);
  const differ = differencesFrom(patient, picture.attributes);
  const { window, edges } = state;
  const count = stack.pictures.length;
  const lines = (...given: (string | undefined)[]) => given.filter((one) => one !== undefined && one !== "").map((one) => <div key={one}>{one}</div>);
  return (
    <div className={classes.overlay}>
      <div className={classes.topLeft}>
        <strong>{whose.name ?? t("unnamed")}</strong>
        {lines(
          `${t("born")} ${whose.born ?? t("notKnown")}`,
          [whose.id, whose.sex].filter(Boolean).join(" · "),
        )}
        {differ.length > 0 && (
          <div className={classes.mismatch} role="alert">
            <IconAlertTriangle size={16} aria-hidden /> {t("mismatch", { what: differ.map((one) => t(`mismatchOf.${one}`)).join(", ") })}
          </div>
        )}
      </div>
      <div className={classes.topRight}>
        {isPrior && <strong className={classes.prior}>{t("prior")}</strong>}
        {lines(study.when ?? t("undated"), study.description)}
      </div>
      <div className={classes.bottomLeft}>
        {lines([series.number === undefined ? undefined : t("seriesNumber", { n: series.number }), series.description].filter(Boolean).join(" · "))}
        <div><strong>{count > 1 ? t("picture", { n: state.index + 1, count }) : t("onePicture")}</strong></div>
        {lines(
          slice.place === undefined ? undefined : t("slicePlace", { mm: slice.place.toFixed(1) }),
          slice.thickness === undefined ? undefined : t("sliceThickness", { mm: slice.thickness }),
        )}
      </div>
      <div className={classes.bottomRight}>
        {series.side !== undefined && <strong className={classes.side}>{t(`side.${["L", "R", "B"].includes(series.side) ? series.side : "other"}`, { code: series.side })} {series.view}</strong>}
        {series.side === undefined && lines(series.view)}
        {lines(
          window === undefined ? undefined : t("windowed", { centre: Math.round(window.centre), width: Math.round(window.width) }),
          state.isInverted ? t("inverted") : undefined,
          t(`calibration.${calibrationOf(picture.attributes)}`),
        )}
      </div>
      {SIDES.map((side) => edges[side] !== undefined && <span key={side} className={classes.edge} data-side={side} title={t(`edge.${side}`)}>{edges[side]}</span>)}
    </div>
  );
}
