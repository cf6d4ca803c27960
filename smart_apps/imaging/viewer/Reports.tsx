import { Button, Stack, Text, Title } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import type { Attachment, DiagnosticReport, ImagingStudy } from "fhir/r4";
import { useState } from "react";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { failed } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { ReportBadge } from "../studies/ReportBadge.tsx";
import { patientOf, reportsOf, reportState } from "../studies/studies.ts";
import { useReports } from "../studies/useReports.ts";
import { blobOf, isSafe } from "./attachments.ts";

/** The reports of a study, newest first, with what they conclude. */
export function Reports({ study }: { study: ImagingStudy }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const patient = patientOf(study);
  const { query, reports } = useReports(patient === undefined ? [] : [patient]);
  if (patient === undefined) return <Text size="sm">{t("report.nobodys")}</Text>;
  if (!session.allows("DiagnosticReport", "s")) return <Text size="sm">{t("report.hidden")}</Text>;
  return (
    <Loaded query={query}>
      {() => {
        const own = reportsOf(study, reports);
        if (own.length === 0) return <Text size="sm" c="dimmed">{t("report.noneYet")}</Text>;
        return <Stack gap="md">{own.map((one) => <Report key={one.id} report={one} />)}</Stack>;
      }}
    </Loaded>
  );
}

function Report({ report }: { report: DiagnosticReport }) {
  const { t } = useTexts();
  const by = [...(report.resultsInterpreter ?? []), ...(report.performer ?? [])].map((one) => one.display).find((one) => one !== undefined);
  const at = report.issued ?? report.effectiveDateTime;
  return (
    <article>
      <Title order={3}>{words(report.code) === "" ? t("report.untitled") : words(report.code)}</Title>
      <ReportBadge state={reportState([report])} />
      <Text size="sm" c="dimmed">{[at === undefined ? undefined : moment(at), by].filter(Boolean).join(" · ")}</Text>
      {report.conclusion !== undefined && <Text mt="xs" style={{ whiteSpace: "pre-line" }}>{report.conclusion}</Text>}
      {(report.conclusionCode ?? []).map((code) => <Text key={words(code)} size="sm">{words(code)}</Text>)}
      {(report.presentedForm ?? []).map((form, n) => <Form key={form.url ?? n} form={form} />)}
      {report.conclusion === undefined && report.presentedForm === undefined && <Text size="sm" mt="xs">{t("report.noText")}</Text>}
    </article>
  );
}

/** A presented form: text is shown, PDFs and pictures are opened by the browser. */
function Form({ form }: { form: Attachment }) {
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
