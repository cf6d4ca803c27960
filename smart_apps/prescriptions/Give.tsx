import { Alert, Button, Group, Modal, NumberInput, Radio, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import type { MedicationRequest } from "fhir/r4";
import { useState, type SyntheticEvent } from "react";

import { idIn } from "../shared/fhir/bundle.ts";
import { queryOf } from "../shared/fhir/client.ts";
import { useChange } from "../shared/fhir/queries.ts";
import { told } from "../shared/forms/saving.ts";
import { day, isoNow, time } from "../shared/format/dates.ts";
import { formalName, recordNumber } from "../shared/format/people.ts";
import { unitOf } from "../shared/format/quantities.ts";
import { usePatientBatch } from "../shared/frame/PatientBanner.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { ScanButton } from "../shared/scan/ScanButton.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { administration, doseIdentifier, isSame, type Given } from "./model/administration.ts";
import { dosageText, medicineName } from "./model/medicine.ts";

/** Records a dose as given or left out; the right patient is made sure of by wristband or by birth date. */
export default function Give({ request, dueAt, onClose }: { request: MedicationRequest; dueAt?: Date; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { patient } = usePatientBatch(idIn(request.subject.reference, "Patient"));
  const ordered = request.dosageInstruction?.[0]?.doseAndRate?.[0]?.doseQuantity;
  const [outcome, setOutcome] = useState("given");
  const [dose, setDose] = useState<number | string>(ordered?.value ?? "");
  const [reason, setReason] = useState("");
  const [scanned, setScanned] = useState("");
  const [isTried, setTried] = useState(false);
  const number = recordNumber(patient?.identifier);
  const isRight = isSame(scanned, number) || isSame(scanned, patient?.birthDate);
  const isWrong = scanned.trim().length >= 4 && !isRight;
  const isGiven = outcome === "given";
  const record = useChange(["MedicationAdministration"], async (fhir, what: Given) => {
    const made = administration(request, what);
    const mark = doseIdentifier(request, (what.dueAt ?? new Date(what.at)).toISOString());
    return fhir.create(made, queryOf({ identifier: `${mark.system}|${mark.value}` }));
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if ((isGiven && !isRight) || (!isGiven && reason.trim() === "")) return;
    const what: Given = { given: isGiven, reason: reason.trim(), dose: typeof dose === "number" ? dose : undefined, at: isoNow(), by: session.grant.fhirUser, dueAt };
    record.mutate(what, {
      onSuccess: () => {
        told(t(isGiven ? "give.done" : "give.left", { medicine: medicineName(request), patient: formalName(patient?.name) }));
        onClose();
      },
    });
  };
  return (
    <Modal opened onClose={onClose} title={t("give.title")} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          <div>
            <Text fw={700} size="lg">{formalName(patient?.name)}</Text>
            <Text>{t("born")} {patient?.birthDate === undefined ? t("notKnown") : day(patient.birthDate)} · {t("recordNumber")} {number ?? t("notKnown")}</Text>
          </div>
          <div>
            <Text fw={600}>{medicineName(request)}</Text>
            <Text>{dosageText(request.dosageInstruction?.[0])}</Text>
            {dueAt !== undefined && <Text size="sm" c="dimmed">{t("give.dueAt", { time: time(dueAt) })}</Text>}
          </div>
          <Radio.Group value={outcome} onChange={setOutcome} label={t("give.outcome")}>
            <Group mt={4}><Radio value="given" label={t("give.given")} /><Radio value="left" label={t("give.leftOut")} /></Group>
          </Radio.Group>
          {isGiven && (
            <>
              <TextInput label={t("give.scan")} description={t("give.scanHint")} data-autofocus autoComplete="off" value={scanned}
                onChange={(event) => setScanned(event.currentTarget.value)}
                error={isTried && scanned.trim() === "" ? t("give.scanNeeded") : undefined}
                rightSection={isRight ? <IconCheck size={18} color="var(--fs-good)" aria-hidden /> : undefined} />
              <ScanButton onRead={setScanned} />
              {isRight && <Text size="sm" c="var(--fs-good)" role="status">{t("give.right")}</Text>}
              {isWrong && <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />}>{t("give.wrong")}</Alert>}
              {ordered?.value !== undefined && <NumberInput label={t("give.dose", { unit: unitOf(ordered) })} value={dose} onChange={setDose} min={0} decimalScale={4} inputMode="decimal" />}
            </>
          )}
          <TextInput label={isGiven ? t("note") : t("reason")} required={!isGiven} value={reason} onChange={(event) => setReason(event.currentTarget.value)}
            error={isTried && !isGiven && reason.trim() === "" ? t("reasonNeeded") : undefined} />
          {record.isError && <Failed error={record.error} title={t("notSaved")} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={record.isPending}>{isGiven ? t("give.recordGiven") : t("give.recordLeft")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
