import { Alert, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconPhotoOff } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import type { ImagingStudy } from "fhir/r4";
import { Suspense, useEffect } from "react";

import { useRead } from "../../shared/fhir/queries.ts";
import { moment } from "../../shared/format/dates.ts";
import { Frame } from "../../shared/frame/Frame.tsx";
import { PatientBanner } from "../../shared/frame/PatientBanner.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { PLACES } from "../places.ts";
import { isShown, modalitiesOf, patientOf, titleOf } from "../studies/studies.ts";
import { Reports } from "./Reports.tsx";
import { askStacks, seriesOf } from "./useStacks.ts";

const Stage = part(() => import("./Stage.tsx"));

/** A study: its patient above, its pictures below. */
export default function StudyPage({ id }: { id: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const query = useRead<ImagingStudy>("ImagingStudy", id);
  const study = query.data;
  const patient = study === undefined ? undefined : patientOf(study);
  useEarly(study);
  if (session.grant.patient !== undefined && study !== undefined && patient !== session.grant.patient) {
    return <Frame places={PLACES}><Empty title={t("otherPatient")} /></Frame>;
  }
  const banner =
    patient !== undefined ? <PatientBanner key={patient} id={patient} patientPath={(one) => `/patients/${one}`} />
    : study !== undefined ? <Alert color="yellow" radius={0} icon={<IconAlertTriangle aria-hidden />} role="alert">{study.subject.display === undefined ? t("nobodys") : t("nobodysSaid", { name: study.subject.display })}</Alert>
    : undefined;
  return (
    <Frame places={PLACES} banner={banner}>
      <Loaded query={query} lines={8}>
        {(found) => isShown(found)
          ? <Suspense fallback={<Loading lines={8} />}><Stage study={found} /></Suspense>
          : <WithoutImages study={found} />}
      </Loaded>
    </Frame>
  );
}

/** The images are kept elsewhere, or were removed: the report can be read all the same. */
function WithoutImages({ study }: { study: ImagingStudy }) {
  const { t } = useTexts();
  return (
    <Stack maw={720} gap="md">
      <Title order={2}>{titleOf(study) ?? t("untitled")}</Title>
      <Text c="dimmed">{[modalitiesOf(study).join(" "), study.started === undefined ? t("undated") : moment(study.started)].join(" · ")}</Text>
      <Alert color="gray" icon={<IconPhotoOff aria-hidden />} title={t(`status.${study.status}`)}>{t("notThere")}</Alert>
      <Reports study={study} />
    </Stack>
  );
}

/** Asks for the first series while the viewer itself is still on its way. */
function useEarly(study: ImagingStudy | undefined): void {
  const smart = useSmart();
  const queries = useQueryClient();
  useEffect(() => {
    if (study === undefined || !isShown(study)) return;
    queries.query(askStacks(smart, study, seriesOf(study)[0]?.uid)).catch(() => undefined);
  }, [queries, smart, study]);
}
