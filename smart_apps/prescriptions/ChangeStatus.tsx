import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import type { MedicationRequest } from "fhir/r4";
import { useState, type SyntheticEvent } from "react";

import { useChange } from "../shared/fhir/queries.ts";
import { told } from "../shared/forms/saving.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Failed } from "../shared/states/Failed.tsx";
import { dosageText, medicineName } from "./model/medicine.ts";

/** Stops, holds or resumes a prescription, with its reason; the medicine and the patient are said again. */
export default function ChangeStatus({ request, status, onClose }: {
  request: MedicationRequest;
  status: "stopped" | "on-hold" | "active" | "cancelled";
  onClose: () => void;
}) {
  const { t } = useTexts();
  const [reason, setReason] = useState("");
  const [isTried, setTried] = useState(false);
  const needsReason = status !== "active";
  const change = useChange(["MedicationRequest"], async (fhir, why: string) => {
    await fhir.update<MedicationRequest>({ ...request, status, statusReason: why === "" ? undefined : { text: why } });
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (needsReason && reason.trim() === "") return;
    change.mutate(reason.trim(), {
      onSuccess: () => {
        told(t(`changed.${status}`, { medicine: medicineName(request) }));
        onClose();
      },
    });
  };
  return (
    <Modal opened onClose={onClose} title={t(`change.${status}`)} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={submit} noValidate>
        <Text fw={600}>{medicineName(request)}</Text>
        <Text size="sm">{dosageText(request.dosageInstruction?.[0])}</Text>
        <Text size="sm" mb="sm">{request.subject.display}</Text>
        {needsReason && (
          <TextInput label={t("reason")} required data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)}
            error={isTried && reason.trim() === "" ? t("reasonNeeded") : undefined} />
        )}
        {change.isError && <Failed error={change.error} title={t("notSaved")} />}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" loading={change.isPending}>{t(`change.${status}`)}</Button>
        </Group>
      </form>
    </Modal>
  );
}
