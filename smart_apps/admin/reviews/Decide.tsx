import { Button, Group, Modal, Radio, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import { FhirError } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { isoNow, time } from "../../shared/format/dates.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { PatientLine } from "../people/Patient.tsx";
import { decided, type Decision, type Review } from "./reviews.ts";

const CHOICES: readonly Decision[] = ["justified", "unjustified", "open"];

/** Whether an emergency access was right, with a note that says why. */
export default function Decide({ review, onClose }: { review: Review; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [values, setValues] = useState<{ decision: string; note: string }>({ decision: "", note: "" });
  const [isAsked, setAsked] = useState(false);
  const draft = useDraft(`review ${review.id}`, values, setValues, values.note !== "");
  const chosen = CHOICES.find((one) => one === values.decision);
  const isNoteMissing = values.note.trim() === "";
  const save = useChange<Decision, unknown>(["Task"], (fhir, decision) =>
    fhir.update(decided(review.task, { decision, words: t(`decision.${decision}`), note: values.note, by: session.grant.fhirUser, at: isoNow() })),
  );
  const send = () => {
    setAsked(true);
    if (chosen === undefined || isNoteMissing) return;
    save.mutate(chosen, {
      onSuccess: () => {
        void draft.clear();
        told(t(chosen === "open" ? "reviewKept" : "reviewDone"));
        onClose();
      },
    });
  };
  const isConflict = save.error instanceof FhirError && save.error.isConflict;
  return (
    <Modal opened onClose={onClose} size="lg" title={t("decideTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <div>
          <div>{review.patientId !== undefined && <PatientLine patient={review.patient} id={review.patientId} />}</div>
          <Text size="sm">“{review.reason}”</Text>
        </div>
        <Radio.Group label={t("decideWhat")} withAsterisk value={values.decision} onChange={(decision) => setValues({ ...values, decision })} error={isAsked && chosen === undefined ? t("decideMissing") : undefined}>
          <Stack gap="xs" my="xs">
            {CHOICES.map((one) => <Radio key={one} value={one} label={t(`decision.${one}`)} description={t(`decisionMeans.${one}`)} />)}
          </Stack>
        </Radio.Group>
        <Textarea label={t("decideNote")} description={t("decideNoteHint")} withAsterisk autosize minRows={3} maxLength={4000} value={values.note} onChange={(event) => setValues({ ...values, note: event.currentTarget.value })} error={isAsked && isNoteMissing ? t("decideNoteMissing") : undefined} />
        {draft.restoredAt !== undefined && <Text size="xs" c="dimmed">{t("draftBack", { time: time(draft.restoredAt) })}</Text>}
        {save.isError && <Failed title={t("notSaved")} error={isConflict ? new Error(t("changedMeanwhile")) : save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button loading={save.isPending} onClick={send}>{t("save")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
