import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import type { Consent, DocumentReference, Reference } from "fhir/r4";
import { useState } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { day, isoDay, isoNow } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Whom } from "../records/Confirm.tsx";
import { useCreate } from "../records/useCreate.ts";
import { nameOf } from "./kinds.ts";
import { Receivers } from "./Receivers.tsx";
import { ENTRY, MOST_DAYS, shareOf } from "./sharing.ts";

const USUAL_DAYS = 7;

/** Lets colleagues or teams see one document for a time, and says what that means before it is done. */
export default function ShareDialog({ patient, document, onClose }: { patient: string; document: Stored<DocumentReference>; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMe();
  const { patient: who } = usePatientBatch(patient);
  const [receivers, setReceivers] = useState<Reference[]>([]);
  const [until, setUntil] = useState(inDays(USUAL_DAYS));
  const [isTried, setTried] = useState(false);
  const { create, isSaving, id } = useCreate<Consent>("Consent", ENTRY);
  const fault = until === "" ? t("required") : until < isoDay() ? t("shareUntilPast") : until > inDays(MOST_DAYS) ? t("shareUntilFar") : undefined;
  const share = () => {
    setTried(true);
    const by = session.grant.fhirUser;
    if (receivers.length === 0 || fault !== undefined || by === undefined) return;
    // Who gets only this document sees nothing else that would tell them whose it is.
    const person = [formalName(who?.name), who?.birthDate === undefined ? "" : `${t("born")} ${day(who.birthDate)}`, recordNumber(who?.identifier) ?? ""];
    const consent = shareOf({
      id, document, receivers, until, at: isoNow(), name: nameOf(document), by: { reference: by, display: me?.name },
      patient: { reference: `Patient/${patient}`, display: person.filter((part) => part !== "").join(" · ") },
    });
    create(consent, t("shared", { names: receivers.map((one) => one.display ?? "").join(", "), at: day(until) }), onClose);
  };
  return (
    <Modal opened onClose={onClose} title={t("shareTitle", { what: nameOf(document) })} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); share(); }}>
        <Whom patient={patient} />
        <Stack gap="sm">
          <Receivers patient={patient} value={receivers} onChange={setReceivers} error={isTried && receivers.length === 0 ? t("required") : undefined} />
          <TextInput type="date" label={t("shareUntil")} description={t("shareUntilHint")} withAsterisk min={isoDay()} max={inDays(MOST_DAYS)} value={until} error={fault} onChange={(event) => setUntil(event.currentTarget.value)} />
          <Text size="sm">{t("shareMeans")}</Text>
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t("cancel")}</Button><Button type="submit" loading={isSaving}>{t("shareNowDocument")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}

function inDays(days: number): string {
  const when = new Date();
  when.setDate(when.getDate() + days);
  return isoDay(when);
}
