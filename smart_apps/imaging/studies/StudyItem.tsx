import type { DiagnosticReport, ImagingStudy, Patient } from "fhir/r4";
import { Link } from "wouter";

import { ago, day, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { ReportBadge } from "./ReportBadge.tsx";
import { accessionOf, isShown, modalitiesOf, reportsOf, reportState, titleOf, uidOf } from "./studies.ts";
import { Thumbnail } from "./Thumbnail.tsx";
import { useKnown } from "./useKnown.ts";
import classes from "./studies.module.css";

/** A study in a list; `patient` where the list has several patients. */
export function StudyItem({ study, reports, patient, showPatient = false }: {
  study: ImagingStudy;
  /** Undefined where reports may not be read, or aren't known yet. */
  reports?: readonly DiagnosticReport[];
  patient?: Patient;
  showPatient?: boolean;
}) {
  const { t } = useTexts();
  const know = useKnown();
  const uid = uidOf(study);
  const hasImages = isShown(study);
  // Without images there may be a report to read.
  const isOpenable = study.status === "available";
  const accession = accessionOf(study);
  const content = (
    <>
      <Thumbnail path={hasImages && uid !== undefined ? `studies/${uid}` : undefined} label={modalitiesOf(study).join(" ")} />
      <span>
        {showPatient && <Whose study={study} patient={patient} />}
        <span className={classes.title}>{titleOf(study) ?? t("untitled")}</span>
        <span className={classes.facts}>
          <span>{study.started === undefined ? t("undated") : whenOf(study.started)}</span>
          <span>{t("counts", { series: study.numberOfSeries ?? 0, images: study.numberOfInstances ?? 0 })}</span>
          {accession !== undefined && <span>{t("accession", { number: accession })}</span>}
        </span>
      </span>
      <span className={classes.side}>
        {isOpenable ? reports !== undefined && <ReportBadge state={reportState(reportsOf(study, reports))} /> : <span className={classes.report}>{t(`status.${study.status}`)}</span>}
      </span>
    </>
  );
  return (
    <li>
      {isOpenable ? <Link className={classes.item} href={`/studies/${study.id ?? ""}`} onClick={() => know(study)}>{content}</Link> : <div className={classes.item}>{content}</div>}
    </li>
  );
}

/** With how long ago, where the hour is known. */
function whenOf(started: string): string {
  return started.includes("T") ? `${moment(started)} · ${ago(started)}` : day(started);
}

function Whose({ study, patient }: { study: ImagingStudy; patient?: Patient }) {
  const { t } = useTexts();
  if (patient === undefined) {
    const said = study.subject.display;
    return <span className={classes.facts} style={{ color: "var(--fs-warning)" }}>{said === undefined ? t("nobodys") : t("nobodysSaid", { name: said })}</span>;
  }
  return (
    <span style={{ display: "block" }}>
      <span className={classes.patient}>{formalName(patient.name)}</span>{" "}
      <span className={classes.facts} style={{ display: "inline" }}>
        {t("born")} {patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)} · {recordNumber(patient.identifier) ?? ""}
      </span>
    </span>
  );
}
