import { NativeSelect, Group, Stack, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Bundle, FhirResource, ImagingStudy, Patient } from "fhir/r4";
import { useState } from "react";

import { linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { useAsk, useSearch } from "../../shared/fhir/queries.ts";
import { isoDay } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Pager } from "./Pager.tsx";
import { StudyItem } from "./StudyItem.tsx";
import { patientOf, reportsOf, reportState } from "./studies.ts";
import { usePreparedViewer } from "./usePreparedViewer.ts";
import { useReports } from "./useReports.ts";
import classes from "./studies.module.css";

const PAGE = 25;
const DAY_MS = 86_400_000;
const MODALITIES = ["CR", "DX", "CT", "MR", "US", "MG", "XA", "RF", "NM", "PT", "ES", "XC", "OT"];
const DAYS = { today: 0, week: 7, month: 31 } as const;
type Days = keyof typeof DAYS | "all";

/** What was examined last, of all patients whose images one may see: newest first. */
export function Worklist() {
  const { t } = useTexts();
  usePreparedViewer();
  const [modality, setModality] = useState("");
  const [days, setDays] = useState<Days>("all");
  const [report, setReport] = useState<"all" | "open">("all");
  const [typed, setTyped] = useState("");
  const [name] = useDebouncedValue(typed.trim(), 300);
  const [page, setPage] = useState<string>();
  const [now] = useState(() => Date.now());
  const asked = {
    _sort: "-started",
    _count: PAGE,
    _include: "ImagingStudy:patient",
    status: "available",
    modality: modality === "" ? undefined : modality,
    started: days === "all" ? undefined : `ge${isoDay(new Date(now - DAYS[days] * DAY_MS))}`,
    ...whoOf(name),
  };
  const first = useSearch<ImagingStudy>("ImagingStudy", asked, { keep: true, about: ["Patient"] });
  const other = useAsk(["ImagingStudy"], page === undefined ? undefined : ["page", page], (fhir) => fhir.page<ImagingStudy>(page ?? ""));
  const query = page === undefined ? first : other;
  const studies = resourcesOf<ImagingStudy>(query.data, "ImagingStudy");
  const patients = new Map(resourcesOf<Patient>(query.data as Bundle<FhirResource> | undefined, "Patient").map((one) => [one.id, one]));
  const { query: askedReports, reports, isKnown } = useReports([...patients.keys()].filter((id) => id !== undefined));
  const change = <T,>(set: (value: T) => void) => (value: T) => {
    set(value);
    setPage(undefined);
  };
  return (
    <Stack maw={1080} gap="md">
      <Title order={1}>{t("worklist.title")}</Title>
      <Group gap="sm" align="end" component="search">
        <TextInput label={t("worklist.patient")} placeholder={t("worklist.patientHint")} value={typed} onChange={(event) => change(setTyped)(event.currentTarget.value)} style={{ flex: "1 1 16rem" }} />
        <NativeSelect label={t("worklist.modality")} value={modality} onChange={(event) => change(setModality)(event.currentTarget.value)} data={[{ value: "", label: t("worklist.any") }, ...MODALITIES.map((code) => ({ value: code, label: `${code} · ${t(`modality.${code}`)}` }))]} />
        <NativeSelect label={t("worklist.when")} value={days} onChange={(event) => change(setDays)(event.currentTarget.value as Days)} data={(["today", "week", "month", "all"] as const).map((one) => ({ value: one, label: t(`worklist.days.${one}`) }))} />
        <NativeSelect label={t("worklist.report")} value={report} onChange={(event) => setReport(event.currentTarget.value as "all" | "open")} data={(["all", "open"] as const).map((one) => ({ value: one, label: t(`worklist.reports.${one}`) }))} />
      </Group>
      {askedReports.isError && <Failed error={askedReports.error} retry={() => void askedReports.refetch()} title={t("reportsFailed")} />}
      <Loaded query={query} lines={8}>
        {(bundle) => {
          const shown = report === "all" || !isKnown ? studies : studies.filter((one) => !["final", "amended"].includes(reportState(reportsOf(one, reports))));
          return (
            <>
              {shown.length === 0 && <Empty title={t("worklist.none")}>{t("worklist.noneHint")}</Empty>}
              <ul className={classes.list}>
                {shown.map((study) => <StudyItem key={study.id} study={study} showPatient patient={patients.get(patientOf(study))} reports={isKnown ? reports : undefined} />)}
              </ul>
              <Pager previous={linkOf(bundle, "previous")} next={linkOf(bundle, "next")} onPage={setPage} />
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}

/** A record or accession number, else parts of the patient's name. */
function whoOf(typed: string): Record<string, string | string[]> {
  if (typed.length < 2) return {};
  if (/\d/.test(typed)) return { "patient.identifier": typed };
  return { "patient.name": typed.split(/[\s,]+/).filter((part) => part !== "") };
}
