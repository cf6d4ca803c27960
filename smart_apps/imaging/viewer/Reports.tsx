import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconExternalLink, IconPencilPlus } from "@tabler/icons-react";
import type { Attachment, DiagnosticReport, ImagingStudy } from "fhir/r4";
import { Suspense, useState } from "react";
import { useSearchParams } from "wouter";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { isInError, withdrawn } from "../../shared/format/inError.ts";
import { InError } from "../../shared/format/InError.tsx";
import { MarkInError } from "../../shared/forms/MarkInError.tsx";
import { failed } from "../../shared/forms/saving.ts";
import { useRole } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { isOpen, isSigned, textOf } from "../reporting/report.ts";
import { useSaveReport } from "../reporting/useSaveReport.ts";
import { ReportBadge } from "../studies/ReportBadge.tsx";
import { patientOf, reportsOf, reportState, withdrawnOf } from "../studies/studies.ts";
import { useReports } from "../studies/useReports.ts";
import { blobOf, isSafe } from "./attachments.ts";

/** What is being written is in the address: a panel that closes, or a page that is loaded again, doesn't end it. */
const WRITE = "write";
const A_NEW_ONE = "new";

const WriteReport = part(() => import("../reporting/WriteReport.tsx"));
const AddToReport = part(() => import("../reporting/AddToReport.tsx"));

/** The reports of a study, newest first, with what they conclude; radiologists write them here. */
export function Reports({ study }: { study: ImagingStudy }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const isRadiologist = useRole("radiologist");
  const [writing, write] = useWriting();
  const patient = patientOf(study);
  const { query, reports } = useReports(patient === undefined ? [] : [patient]);
  if (patient === undefined) return <Text size="sm">{t("report.nobodys")}</Text>;
  if (!session.allows("DiagnosticReport", "s")) return <Text size="sm">{t("report.hidden")}</Text>;
  const mayWrite = isRadiologist && session.allows("DiagnosticReport", "c");
  return (
    <Loaded query={query}>
      {() => {
        const own = reportsOf(study, reports);
        const isNew = mayWrite && writing === A_NEW_ONE;
        return (
          <Stack gap="md">
            {own.length === 0 && !isNew && <Text size="sm" c="dimmed">{t("report.noneYet")}</Text>}
            {isNew && <Suspense fallback={<Loading lines={6} />}><WriteReport study={study} onClose={() => write(undefined)} /></Suspense>}
            {mayWrite && !isNew && !own.some(isOpen) && (
              <Group><Button variant={own.length === 0 ? "filled" : "default"} leftSection={<IconPencilPlus size={16} aria-hidden />} onClick={() => write(A_NEW_ONE)}>{t(own.length === 0 ? "write.title" : "write.another")}</Button></Group>
            )}
            {[...own, ...withdrawnOf(study, reports)].map((one) => <Report key={one.id} study={study} report={one} mayWrite={mayWrite} />)}
          </Stack>
        );
      }}
    </Loaded>
  );
}

function useWriting(): [string | undefined, (what: string | undefined) => void] {
  const [parameters, setParameters] = useSearchParams();
  const write = (what: string | undefined) => setParameters((before) => {
    const after = new URLSearchParams(before);
    if (what === undefined) after.delete(WRITE);
    else after.set(WRITE, what);
    return after;
  }, { replace: true });
  return [parameters.get(WRITE) ?? undefined, write];
}

function Report({ study, report, mayWrite }: { study: ImagingStudy; report: DiagnosticReport; mayWrite: boolean }) {
  const { t } = useTexts();
  const [writing, write] = useWriting();
  const isWriting = mayWrite && writing === report.id;
  const by = [...(report.resultsInterpreter ?? []), ...(report.performer ?? [])].map((one) => one.display).find((one) => one !== undefined);
  const at = report.issued ?? report.effectiveDateTime;
  const close = () => write(undefined);
  const { session } = useSmart();
  const isMine = report.resultsInterpreter?.some((one) => one.reference === session.grant.fhirUser) === true;
  const [isAsked, setAsked] = useState(false);
  const { save, isSaving } = useSaveReport();
  return (
    <article>
      <InError of={report}>
        <Title order={3}>{words(report.code) === "" ? t("report.untitled") : words(report.code)}</Title>
        {!isInError(report) && <ReportBadge state={reportState([report])} />}
        <Text size="sm" c="dimmed">{[at === undefined ? undefined : moment(at), by].filter(Boolean).join(" · ")}</Text>
        {report.conclusion !== undefined && <Text mt="xs" style={{ whiteSpace: "pre-line" }}>{report.conclusion}</Text>}
        {(report.conclusionCode ?? []).map((code) => <Text key={words(code)} size="sm">{words(code)}</Text>)}
        {(report.presentedForm ?? []).map((form, n) => <Form key={form.url ?? n} form={form} />)}
        {report.conclusion === undefined && report.presentedForm === undefined && <Text size="sm" mt="xs">{t("report.noText")}</Text>}
      </InError>
      {mayWrite && !isWriting && (isOpen(report) || isSigned(report)) && (
        <Group gap="xs" mt="xs">
          <Button size="xs" variant="default" onClick={() => write(report.id)}>{t(isOpen(report) ? "write.goOn" : "write.addendum")}</Button>
          {isMine && isSigned(report) && <Button size="xs" variant="subtle" color="red" onClick={() => setAsked(true)}>{t("inError.mark")}</Button>}
        </Group>
      )}
      {isAsked && <MarkInError patient={patientOf(study) ?? ""} what={words(report.code) || t("report.untitled")} isBusy={isSaving} onNo={() => setAsked(false)} onYes={(said) => save(withdrawn(report, said), t("inError.done"), () => setAsked(false))} />}
      {isWriting && isOpen(report) && <Suspense fallback={<Loading lines={6} />}><WriteReport study={study} report={report} onClose={close} /></Suspense>}
      {isWriting && isSigned(report) && <Suspense fallback={<Loading lines={4} />}><AddToReport report={report} onClose={close} /></Suspense>}
    </article>
  );
}

/** A presented form: text is shown, PDFs and pictures are opened by the browser. */
function Form({ form }: { form: Attachment }) {
  const own = textOf(form);
  if (own === undefined) return <OtherForm form={form} />;
  return (
    <div>
      <Text mt="xs" size="sm" fw={600}>{[form.title, form.creation === undefined ? undefined : moment(form.creation)].filter(Boolean).join(" · ")}</Text>
      <Text size="sm" style={{ whiteSpace: "pre-wrap", maxWidth: "72ch" }}>{own}</Text>
    </div>
  );
}

function OtherForm({ form }: { form: Attachment }) {
  const { t } = useTexts();
  const { fhir } = useSmart();
  const reason = useReason();
  const [text, setText] = useState<string>();
  const type = form.contentType?.split(";")[0] ?? "";
  const name = form.title ?? t("report.form", { type: type.split("/")[1]?.toUpperCase() ?? "" });
  if (!isSafe(type)) return <Text size="sm" mt="xs">{t("report.unshown", { type })}</Text>;
  const open = async () => {
    try {
      const blob = await blobOf(form, fhir);
      if (type === "text/plain") setText(await blob.text());
      else window.open(URL.createObjectURL(blob), "_blank", "noopener");
    } catch (error) {
      failed(reason(error), t("failedTitle"));
    }
  };
  return (
    <div>
      <Button mt="xs" size="xs" variant="default" leftSection={<IconExternalLink size={16} aria-hidden />} onClick={() => void open()}>{t("report.openForm", { name })}</Button>
      {text !== undefined && <Text mt="xs" size="sm" style={{ whiteSpace: "pre-wrap" }}>{text}</Text>}
    </div>
  );
}
