import { Button, Group, Modal, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import type { Condition } from "fhir/r4";
import { useState } from "react";

import { isoDay, isoNow } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { CodePicker, type Coded } from "./CodePicker.tsx";
import { Whom } from "./Confirm.tsx";
import { CLINICAL, VERIFIED } from "./conditions.ts";
import { useCreate } from "./useCreate.ts";

const ENTRY = "https://fhirserver.example/problem-entry";

/** A new problem of the list. */
export function ProblemForm({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [what, setWhat] = useState<Coded>({ text: "" });
  const [since, setSince] = useState("");
  const [sure, setSure] = useState("confirmed");
  const [note, setNote] = useState("");
  const [isTried, setTried] = useState(false);
  const { create, isSaving, id } = useCreate<Condition>("Condition", ENTRY);
  const isFuture = since > isoDay();
  const save = () => {
    setTried(true);
    if (what.text.trim() === "" || isFuture) return;
    create({
      resourceType: "Condition",
      identifier: [{ system: ENTRY, value: id }],
      clinicalStatus: { coding: [{ system: CLINICAL, code: "active", display: "Active" }] },
      verificationStatus: { coding: [{ system: VERIFIED, code: sure, display: sure === "confirmed" ? "Confirmed" : "Provisional" }] },
      category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/condition-category", code: "problem-list-item", display: "Problem List Item" }] }],
      code: { text: what.text.trim(), ...(what.coding === undefined ? {} : { coding: [what.coding] }) },
      subject: { reference: `Patient/${patient}` },
      ...(since === "" ? {} : { onsetDateTime: since }),
      recordedDate: isoNow(),
      ...(session.grant.fhirUser === undefined ? {} : { recorder: { reference: session.grant.fhirUser } }),
      ...(note.trim() === "" ? {} : { note: [{ text: note.trim() }] }),
    }, t("saved"), onClose);
  };
  return (
    <Modal opened onClose={onClose} title={t("problemAdd")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); save(); }}>
        <Whom patient={patient} />
        <Stack gap="sm">
          <CodePicker label={t("problem")} valueSet="http://hl7.org/fhir/ValueSet/condition-code" value={what} onChange={setWhat} error={isTried && what.text.trim() === "" ? t("required") : undefined} />
          <TextInput type="date" label={`${t("since")} (${t("optional")})`} value={since} max={isoDay()} error={isFuture ? t("dateFuture") : undefined} onChange={(event) => setSince(event.currentTarget.value)} />
          <NativeSelect label={t("sureness")} value={sure} onChange={(event) => setSure(event.currentTarget.value)} data={[{ value: "confirmed", label: t("sure.confirmed") }, { value: "provisional", label: t("sure.provisional") }]} />
          <Textarea label={`${t("remark")} (${t("optional")})`} autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t("cancel")}</Button><Button type="submit" loading={isSaving}>{t("save")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
