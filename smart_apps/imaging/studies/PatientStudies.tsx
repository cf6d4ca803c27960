import { Button, Group, Stack, Title } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import type { ImagingStudy } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { useAsk, useSearch } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Pager } from "./Pager.tsx";
import { StudyItem } from "./StudyItem.tsx";
import { usePreparedViewer } from "./usePreparedViewer.ts";
import { useReports } from "./useReports.ts";
import classes from "./studies.module.css";

const PAGE = 20;

/** The studies of a patient, newest first. */
export default function PatientStudies({ patient }: { patient: string }) {
  const { t } = useTexts();
  usePreparedViewer();
  const { session } = useSmart();
  const [page, setPage] = useState<string>();
  const first = useSearch<ImagingStudy>("ImagingStudy", { patient, _sort: "-started", _count: PAGE });
  const other = useAsk(["ImagingStudy"], page === undefined ? undefined : ["page", page], (fhir) => fhir.page<ImagingStudy>(page ?? ""));
  const query = page === undefined ? first : other;
  const { query: asked, reports, isKnown } = useReports([patient]);
  return (
    <Stack maw={960} gap="md">
      <Group justify="space-between">
        <Title order={2}>{t("studies.title")}</Title>
        {session.allows("ImagingStudy", "c") && (
          <Button component={Link} href={`/patients/${patient}/upload`} variant="default" leftSection={<IconUpload size={18} aria-hidden />}>{t("upload.open")}</Button>
        )}
      </Group>
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} title={t("reportsFailed")} />}
      <Loaded query={query} lines={6}>
        {(bundle) => {
          const studies = resourcesOf<ImagingStudy>(bundle, "ImagingStudy").filter((one) => one.status !== "entered-in-error");
          if (studies.length === 0) return <Empty title={t("studies.none")}>{t("studies.noneHint")}</Empty>;
          return (
            <>
              <ul className={classes.list}>
                {studies.map((study) => <StudyItem key={study.id} study={study} reports={isKnown ? reports : undefined} />)}
              </ul>
              <Pager previous={linkOf(bundle, "previous")} next={linkOf(bundle, "next")} onPage={setPage} />
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}
