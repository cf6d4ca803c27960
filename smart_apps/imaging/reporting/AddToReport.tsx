import { Alert, Button, Card, Group, Stack, Text, Textarea } from "@mantine/core";
import type { DiagnosticReport } from "fhir/r4";
import { useState } from "react";

import { isoNow, moment, time } from "../../shared/format/dates.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { appended } from "./report.ts";
import { useSaveReport } from "./useSaveReport.ts";
import { useUnload } from "./useUnload.ts";

/** Adds to a signed report, which stays as it was signed. */
export default function AddToReport({ report, onClose }: { report: DiagnosticReport; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMe();
  const [values, setValues] = useState({ text: "" });
  const [isTried, setTried] = useState(false);
  const { save, isSaving, isOutdated } = useSaveReport();
  const isDirty = values.text.trim() !== "";
  const draft = useDraft(`imaging-addendum/${report.id ?? ""}`, values, setValues, isDirty);
  useUnload(isDirty);

  const sign = () => {
    setTried(true);
    if (!isDirty) return;
    const by = session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name };
    save(appended(report, values.text.trim(), { at: isoNow(), by }), t("write.added"), () => void draft.clear().then(onClose));
  };
  return (
    <Card component="section" aria-label={t("write.addendum")} padding="sm" mt="xs">
      <form noValidate onSubmit={(event) => { event.preventDefault(); sign(); }}>
        <Stack gap="sm">
          {draft.restoredAt !== undefined && <Alert color="gray" role="status">{t("draftBack", { time: moment(draft.restoredAt) })}</Alert>}
          {isOutdated && <Alert color="yellow" role="alert">{t("write.outdated")}</Alert>}
          <Textarea label={t("write.addendum")} description={t("write.addendumHint")} autosize minRows={3} maxRows={12} value={values.text} error={isTried && !isDirty ? t("required") : undefined}
            onChange={(event) => setValues({ text: event.currentTarget.value })} />
          <Text size="xs" c="dimmed" role="status">{draft.keptAt === undefined ? "" : t("draftKept", { time: time(new Date(draft.keptAt)) })}</Text>
          <Group gap="xs">
            <Button type="submit" loading={isSaving}>{t("write.signAddendum")}</Button>
            <Button variant="subtle" onClick={onClose}>{t("close")}</Button>
            {isDirty && <Button variant="subtle" color="red" onClick={() => void draft.clear().then(onClose)}>{t("draftDrop")}</Button>}
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
