import { Anchor } from "@mantine/core";
import type { DiagnosticReport, ImagingStudy } from "fhir/r4";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { isInError } from "../../shared/format/inError.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Records } from "./Records.tsx";

const IMAGING = "http://terminology.hl7.org/CodeSystem/v2-0074|RAD,http://loinc.org|LP29684-5";

/** Studies, which open in the app for images, and their reports. */
export default function Imaging({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { config, session } = useSmart();
  const hasApp = config.apps.some((app) => app.name === "imaging");
  const reports = useSearch<DiagnosticReport>("DiagnosticReport", session.allows("DiagnosticReport", "s") ? { patient, category: IMAGING, _sort: "-date", _count: 200 } : undefined);
  const name = (one: ImagingStudy) => one.description ?? (one.procedureCode?.map(words).join(", ") || (one.modality?.map((of) => of.code).join(", ") ?? t("study")));
  const of = (study: ImagingStudy) => resourcesOf<DiagnosticReport>(reports.data, "DiagnosticReport").filter((one) => isOf(one, study));
  const word = (study: ImagingStudy) => {
    if (reports.data === undefined) return reports.isError ? t("notKnown") : "";
    const found = of(study);
    return found.length === 0 ? t("notYet") : found.map((one) => <div key={one.id}><Link href={`/patients/${patient}/results/reports/${one.id ?? ""}`} style={{ color: isInError(one) ? "var(--fs-critical)" : "var(--fs-accent)" }}>{t(`status.${one.status}`)}</Link></div>);
  };
  return (
    <Records<ImagingStudy>
      type="ImagingStudy" parameters={{ patient, _sort: "-started", _count: 50 }} title={t("imaging")} empty={t("imagingNone")} filter={(one) => one.status !== "entered-in-error"}
      columns={[
        { label: "study", cell: (one) => (hasApp ? <Anchor href={`/apps/imaging/studies/${one.id ?? ""}`}>{name(one)}</Anchor> : name(one)) },
        { label: "report", cell: word },
        { label: "modality", cell: (one) => one.modality?.map((of) => of.code).join(", ") ?? "" },
        { label: "when", cell: (one) => moment(one.started) || t("notKnown") },
        { label: "bodySite", cell: (one) => [...new Set(one.series?.map((series) => series.bodySite?.display).filter(Boolean))].join(", ") },
        { label: "images", cell: (one) => t("imagesN", { series: one.numberOfSeries ?? 0, n: one.numberOfInstances ?? 0 }) },
      ]}
    />
  );
}

/** A report names the study, or the order that it was made for. */
function isOf(report: DiagnosticReport, study: ImagingStudy): boolean {
  if (report.status === "cancelled") return false;
  return report.imagingStudy?.some((one) => one.reference?.endsWith(`ImagingStudy/${study.id ?? ""}`) === true) === true
    || report.basedOn?.some((one) => one.reference !== undefined && study.basedOn?.some((order) => order.reference === one.reference) === true) === true;
}
