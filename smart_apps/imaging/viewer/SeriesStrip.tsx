import type { ImagingStudy } from "fhir/r4";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { uidOf } from "../studies/studies.ts";
import { Thumbnail } from "../studies/Thumbnail.tsx";
import { hasPictures, seriesOf, statesIn } from "./useStacks.ts";
import classes from "./viewer.module.css";

/** The series of a study, to choose from. */
export function SeriesStrip({ study, shown, onShow }: { study: ImagingStudy; shown: string | undefined; onShow: (series: string) => void }) {
  const { t } = useTexts();
  const states = statesIn(study);
  return (
    <nav className={classes.strip} aria-label={t("series")}>
      {seriesOf(study).map((one) => (
        <button key={one.uid} type="button" className={classes.series} aria-pressed={one.uid === shown} onClick={() => onShow(one.uid)}>
          <Thumbnail path={`studies/${uidOf(study) ?? ""}/series/${one.uid}`} label={one.modality.code ?? ""} isDocument={!hasPictures(one)} />
          <span className={classes.seriesTitle}>{one.description ?? (one.number === undefined ? t("untitled") : t("seriesNumber", { n: one.number }))}</span>
          {hasPictures(one) && <span className={classes.seriesCount}>{t("images", { n: one.numberOfInstances ?? 0 })}</span>}
        </button>
      ))}
      {states > 0 && <p className={classes.states}>{t("states", { n: states })}</p>}
    </nav>
  );
}
