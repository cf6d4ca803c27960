import { Button, Group, Modal, NativeSelect, SegmentedControl, Stack, TextInput } from "@mantine/core";
import type { AllergyIntolerance } from "fhir/r4";
import { useState } from "react";

import { isoNow } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { ALLERGY_CLINICAL, ALLERGY_VERIFIED, NO_KNOWN } from "./allergy.ts";
import { ALLERGENS } from "./allergens.ts";
import { CodePicker, type Coded } from "./CodePicker.tsx";
import { Whom } from "./Confirm.tsx";
import { useCreate } from "./useCreate.ts";

const ENTRY = "https://fhirserver.example/allergy-entry";

/** A new allergy, or that none is known. */
export function AllergyForm({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [kind, setKind] = useState("some");
  const [what, setWhat] = useState<Coded>({ text: "" });
  const [category, setCategory] = useState("medication");
  const [criticality, setCriticality] = useState("");
  const [reaction, setReaction] = useState("");
  const [severity, setSeverity] = useState("");
  const [isTried, setTried] = useState(false);
  const { create, isSaving, id } = useCreate<AllergyIntolerance>("AllergyIntolerance", ENTRY);
  const save = () => {
    setTried(true);
    if (kind === "some" && what.text.trim() === "") return;
    const common: AllergyIntolerance = {
      resourceType: "AllergyIntolerance",
      identifier: [{ system: ENTRY, value: id }],
      clinicalStatus: { coding: [{ system: ALLERGY_CLINICAL, code: "active", display: "Active" }] },
      verificationStatus: { coding: [{ system: ALLERGY_VERIFIED, code: "confirmed", display: "Confirmed" }] },
      patient: { reference: `Patient/${patient}` },
      recordedDate: isoNow(),
      ...(session.grant.fhirUser === undefined ? {} : { recorder: { reference: session.grant.fhirUser } }),
    };
    const some: AllergyIntolerance = {
      ...common,
      type: "allergy",
      category: [category as "medication"],
      ...(criticality === "" ? {} : { criticality: criticality as "high" }),
      code: { text: what.text.trim(), ...(what.coding === undefined ? {} : { coding: [what.coding] }) },
      ...(reaction.trim() === "" ? {} : { reaction: [{ manifestation: [{ text: reaction.trim() }], ...(severity === "" ? {} : { severity: severity as "mild" }) }] }),
    };
    create(kind === "some" ? some : { ...common, code: { coding: [NO_KNOWN], text: NO_KNOWN.display } }, t("saved"), onClose);
  };
  return (
    <Modal opened onClose={onClose} title={t("allergyAdd")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); save(); }}>
        <Whom patient={patient} />
        <Stack gap="sm">
          <SegmentedControl fullWidth aria-label={t("allergyList")} value={kind} onChange={setKind} data={[{ value: "some", label: t("allergySome") }, { value: "none", label: t("allergiesNone") }]} />
          {kind === "some" && (
            <>
              <CodePicker label={t("substance")} valueSet="http://hl7.org/fhir/ValueSet/allergyintolerance-code" offered={ALLERGENS} value={what} onChange={setWhat} error={isTried && what.text.trim() === "" ? t("required") : undefined} />
              <NativeSelect label={t("kindColumn")} value={category} onChange={(event) => setCategory(event.currentTarget.value)} data={["medication", "food", "environment", "biologic"].map((one) => ({ value: one, label: t(`allergyKind.${one}`) }))} />
              <NativeSelect label={t("danger")} value={criticality} onChange={(event) => setCriticality(event.currentTarget.value)} data={[{ value: "", label: t("notKnown") }, ...["high", "low"].map((one) => ({ value: one, label: t(`criticality.${one}`) }))]} />
              <TextInput label={`${t("reactions")} (${t("optional")})`} value={reaction} onChange={(event) => setReaction(event.currentTarget.value)} />
              {reaction.trim() !== "" && <NativeSelect label={t("severityLabel")} value={severity} onChange={(event) => setSeverity(event.currentTarget.value)} data={[{ value: "", label: t("notKnown") }, ...["mild", "moderate", "severe"].map((one) => ({ value: one, label: t(`reaction.${one}`) }))]} />}
            </>
          )}
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t("cancel")}</Button><Button type="submit" loading={isSaving}>{t("save")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
