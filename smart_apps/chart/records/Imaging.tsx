import { Anchor } from "@mantine/core";
import type { ImagingStudy } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Records } from "./Records.tsx";

/** Studies; they open in the app for images. */
export default function Imaging({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { config } = useSmart();
  const hasApp = config.apps.some((app) => app.name === "imaging");
  const name = (one: ImagingStudy) => one.description ?? (one.procedureCode?.map(words).join(", ") || (one.modality?.map((of) => of.code).join(", ") ?? t("study")));
  return (
    <Records<ImagingStudy>
      type="ImagingStudy" parameters={{ patient, _sort: "-started", _count: 50 }} title={t("imaging")} empty={t("imagingNone")} filter={(one) => one.status !== "entered-in-error"}
      columns={[
        { label: "study", cell: (one) => (hasApp ? <Anchor href={`/apps/imaging/studies/${one.id ?? ""}`}>{name(one)}</Anchor> : name(one)) },
        { label: "modality", cell: (one) => one.modality?.map((of) => of.code).join(", ") ?? "" },
        { label: "when", cell: (one) => moment(one.started) || t("notKnown") },
        { label: "bodySite", cell: (one) => [...new Set(one.series?.map((series) => series.bodySite?.display).filter(Boolean))].join(", ") },
        { label: "images", cell: (one) => t("imagesN", { series: one.numberOfSeries ?? 0, n: one.numberOfInstances ?? 0 }) },
      ]}
    />
  );
}
