import { Button, Group, Modal, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import { isoNow, day } from "../format/dates.ts";
import type { Withdrawal } from "../format/inError.ts";
import { formalName } from "../format/people.ts";
import { usePatientBatch } from "../frame/PatientBanner.tsx";
import { useMe } from "../frame/useMyApps.ts";
import { useTexts } from "../i18n/i18n.ts";
import { useSmart } from "../smart/context.tsx";

/** Asks why something that was signed is an error, before it is marked so. */
export function MarkInError({ patient, what, isBusy, onYes, onNo }: { patient: string; what: string; isBusy: boolean; onYes: (said: Withdrawal) => void; onNo: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMe();
  const { patient: who } = usePatientBatch(patient);
  const [reason, setReason] = useState("");
  const [isTried, setTried] = useState(false);
  const isMissing = reason.trim() === "";
  const submit = () => {
    setTried(true);
    if (isMissing || isBusy) return;
    onYes({ reason, at: isoNow(), by: session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name } });
  };
  return (
    <Modal opened onClose={onNo} title={t("inError.mark")} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); submit(); }}>
        <Text size="sm" mb="xs"><strong>{formalName(who?.name)}</strong> · {t("born")} {who?.birthDate === undefined ? t("notKnown") : day(who.birthDate)}</Text>
        <Text size="sm" mb="sm">{t("inError.markText", { what })}</Text>
        <Textarea data-autofocus required withAsterisk={false} label={t("inError.reason")} autosize minRows={2} maxRows={6} maxLength={1000} value={reason} error={isTried && isMissing ? t("required") : undefined}
          onChange={(event) => setReason(event.currentTarget.value)} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onNo}>{t("cancel")}</Button>
          <Button color="red" type="submit" loading={isBusy}>{t("inError.do")}</Button>
        </Group>
      </form>
    </Modal>
  );
}
