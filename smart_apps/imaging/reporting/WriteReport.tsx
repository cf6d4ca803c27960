import { Alert, Button, Card, Group, Stack, Text, Textarea } from "@mantine/core";
import type { DiagnosticReport, ImagingStudy } from "fhir/r4";
import { useState } from "react";

import { isoNow, moment, time } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { patientOf } from "../studies/studies.ts";
import { reportOf, rewritten, writtenIn } from "./report.ts";
import { useSaveReport } from "./useSaveReport.ts";
import { useUnload } from "./useUnload.ts";

const NOTHING = { findings: "", impression: "" };

/** Writes the report of a study: preliminary as long as it isn't signed. What is typed is kept on this device. */
export default function WriteReport({ study, report, onClose }: { study: ImagingStudy; report?: DiagnosticReport; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMe();
  const { patient } = usePatientBatch(patientOf(study));
  const before = report === undefined ? NOTHING : writtenIn(report);
  const [values, setValues] = useState(before);
  const [missing, setMissing] = useState<"text" | "impression">();
  const [id] = useState(() => crypto.randomUUID());
  const { save, isSaving, isOutdated } = useSaveReport();
  const isDirty = values.findings !== before.findings || values.impression !== before.impression;
  const draft = useDraft(`imaging-report/${study.id ?? ""}`, values, setValues, isDirty);
  useUnload(isDirty);

  const store = (status: "preliminary" | "final") => {
    const [hasFindings, hasImpression] = [values.findings.trim() !== "", values.impression.trim() !== ""];
    const lacks = status === "final" && !hasImpression ? "impression" : !hasFindings && !hasImpression ? "text" : undefined;
    setMissing(lacks);
    if (lacks !== undefined) return;
    const by = session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name };
    const given = { status, at: isoNow(), by };
    save(
      report === undefined ? reportOf(study, values, { ...given, id }) : rewritten(report, values, given),
      t(status === "final" ? "write.signed" : "write.kept", { name: formalName(patient?.name) }),
      () => void draft.clear().then(onClose),
    );
  };
  const set = (name: keyof typeof NOTHING) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setValues((all) => ({ ...all, [name]: value }));
  };
  return (
    <Card component="section" aria-label={t("write.title")} padding="sm">
      <form noValidate onSubmit={(event) => { event.preventDefault(); store("final"); }}>
        <Stack gap="sm">
          {draft.restoredAt !== undefined && <Alert color="gray" role="status">{t("draftBack", { time: moment(draft.restoredAt) })}</Alert>}
          {isOutdated && <Alert color="yellow" role="alert">{t("write.outdated")}</Alert>}
          <Textarea label={t("write.findings")} autosize minRows={4} maxRows={18} value={values.findings} onChange={set("findings")}
            error={missing === "text" ? t("write.noText") : undefined} />
          <Textarea label={t("write.impression")} autosize minRows={2} maxRows={10} value={values.impression} onChange={set("impression")}
            error={missing === "impression" ? t("write.noImpression") : undefined} />
          <Text size="xs" c="dimmed" role="status">{draft.keptAt === undefined ? "" : t("draftKept", { time: time(new Date(draft.keptAt)) })}</Text>
          <Group gap="xs">
            <Button type="submit" loading={isSaving} h="auto" mih={36} py={4} styles={{ label: { whiteSpace: "normal" } }}>{t("write.sign", { name: formalName(patient?.name) })}</Button>
            <Button variant="default" disabled={isSaving} onClick={() => store("preliminary")}>{t("write.keep")}</Button>
            <Button variant="subtle" onClick={onClose}>{t("close")}</Button>
            {isDirty && <Button variant="subtle" color="red" onClick={() => void draft.clear().then(onClose)}>{t("draftDrop")}</Button>}
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
