import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import type { MedicationRequest } from "fhir/r4";
import { useState, type SyntheticEvent } from "react";

import { useChange } from "../shared/fhir/queries.ts";
import { told } from "../shared/forms/saving.ts";
import { isoNow } from "../shared/format/dates.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { dosageText, medicineName } from "./model/medicine.ts";

/** Asks who prescribed it; the question goes to their messages with the prescription. */
export default function AskPrescriber({ request, onClose }: { request: MedicationRequest; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [question, setQuestion] = useState("");
  const [isTried, setTried] = useState(false);
  const send = useChange(["Communication"], (fhir, text: string) =>
    fhir.create({
      resourceType: "Communication",
      status: "completed",
      category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/communication-category", code: "instruction" }] }],
      subject: request.subject,
      about: [{ reference: `MedicationRequest/${request.id ?? ""}` }],
      sender: session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser },
      recipient: request.requester === undefined ? undefined : [request.requester],
      sent: isoNow(),
      payload: [{ contentString: text }],
    }),
  );
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (question.trim() === "") return;
    send.mutate(question.trim(), {
      onSuccess: () => {
        told(t("ask.sent", { to: request.requester?.display ?? "" }));
        onClose();
      },
    });
  };
  return (
    <Modal opened onClose={onClose} title={t("ask.title", { to: request.requester?.display ?? "" })} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          <div><Text>{request.subject.display}</Text><Text fw={600}>{medicineName(request)}</Text><Text size="sm">{dosageText(request.dosageInstruction?.[0])}</Text></div>
          <Textarea label={t("ask.question")} required autosize minRows={3} data-autofocus value={question} onChange={(event) => setQuestion(event.currentTarget.value)} error={isTried && question.trim() === "" ? t("reasonNeeded") : undefined} />
          {send.isError && <Failed error={send.error} title={t("notSaved")} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={send.isPending}>{t("ask.send")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
