import { Alert, Button, Group, Modal, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { MedicationDispense, MedicationRequest, Parameters } from "fhir/r4";
import { useState, type SyntheticEvent } from "react";

import { idIn } from "../shared/fhir/bundle.ts";
import { useAsk, useChange } from "../shared/fhir/queries.ts";
import { told } from "../shared/forms/saving.ts";
import { isoNow } from "../shared/format/dates.ts";
import { PatientBanner } from "../shared/frame/PatientBanner.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { Findings } from "./Findings.tsx";
import { checkedIn } from "./model/findings.ts";
import { dosageText, medicineName } from "./model/medicine.ts";
import { dispensesOf, supplyOf } from "./model/supply.ts";
import { SupplyText } from "./SupplyText.tsx";

const ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/** Hands a medicine out; the checks run again beside it. `dispensed` is what was dispensed before. */
export default function Dispense({ request, dispensed, onClose }: { request: MedicationRequest; dispensed: readonly MedicationDispense[]; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const earlier = dispensesOf(request, dispensed);
  const last = earlier.at(-1);
  const unit = request.dispenseRequest?.quantity ?? last?.quantity;
  const [amount, setAmount] = useState<number | string>(unit?.value ?? "");
  const [days, setDays] = useState<number | string>(request.dispenseRequest?.expectedSupplyDuration?.value ?? last?.daysSupply?.value ?? "");
  const [note, setNote] = useState("");
  const [isTried, setTried] = useState(false);
  const check = useAsk(["MedicationRequest", "AllergyIntolerance"], ["check", request.id], (fhir) => fhir.operation<Parameters>(`MedicationRequest/${request.id ?? ""}/$check`));
  const patient = idIn(request.subject.reference, "Patient") ?? "";
  const dispense = useChange(["MedicationDispense", "MedicationRequest"], (fhir, made: MedicationDispense) => fhir.create(made));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (typeof amount !== "number" || amount <= 0) return;
    const now = isoNow();
    dispense.mutate({
      resourceType: "MedicationDispense",
      status: "completed",
      type: { coding: [earlier.length === 0 ? { system: ACT_CODE, code: "FF", display: "First Fill" } : { system: ACT_CODE, code: "RF", display: "Refill" }] },
      medicationCodeableConcept: request.medicationCodeableConcept,
      medicationReference: request.medicationReference,
      subject: request.subject,
      context: request.encounter,
      performer: session.grant.fhirUser === undefined ? undefined : [{ actor: { reference: session.grant.fhirUser } }],
      authorizingPrescription: [{ reference: `MedicationRequest/${request.id ?? ""}` }],
      quantity: { ...unit, value: amount },
      daysSupply: typeof days === "number" ? { value: days, unit: "days", system: "http://unitsofmeasure.org", code: "d" } : undefined,
      whenPrepared: now,
      whenHandedOver: now,
      note: note.trim() === "" ? undefined : [{ text: note.trim() }],
      dosageInstruction: request.dosageInstruction,
    }, {
      onSuccess: () => {
        told(t("dispense.done", { medicine: medicineName(request) }));
        onClose();
      },
    });
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t("dispense.title")} closeButtonProps={{ "aria-label": t("close") }}>
      <PatientBanner id={patient} />
      <form onSubmit={submit} noValidate>
        <Stack gap="sm" mt="sm">
          <div><Text fw={600}>{medicineName(request)}</Text><Text>{dosageText(request.dosageInstruction?.[0])}</Text><SupplyText supply={supplyOf(request, dispensed)} /></div>
          {check.isError && <Alert role="alert" color="yellow" icon={<IconAlertTriangle aria-hidden />}>{t("check.failed")}</Alert>}
          {check.data !== undefined && <Findings checked={checkedIn(check.data)} />}
          <NumberInput label={t("dispense.amount")} required min={0} value={amount} onChange={setAmount} data-autofocus error={isTried && (typeof amount !== "number" || amount <= 0) ? t("dispense.amountNeeded") : undefined} />
          <NumberInput label={t("dispense.days")} min={1} value={days} onChange={setDays} />
          <TextInput label={t("note")} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          {dispense.isError && <Failed error={dispense.error} title={t("notSaved")} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={dispense.isPending}>{t("dispense.button")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
