import { Autocomplete, Button, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import type { Immunization } from "fhir/r4";
import { useState } from "react";

import { isoDay } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Whom } from "./Confirm.tsx";
import { useCreate } from "./useCreate.ts";
import { VACCINES } from "./vaccines.ts";

const ENTRY = "https://fhirserver.example/immunization-entry";
const SITES = [["LA", "left arm"], ["RA", "right arm"], ["LT", "left thigh"], ["RT", "right thigh"]] as const;

/** A vaccine that was given here, or that the patient shows in a record of elsewhere. */
export default function ImmunizationForm({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [fields, setFields] = useState({ vaccine: "", date: isoDay(), lot: "", dose: "", site: "", source: "here" });
  const [isTried, setTried] = useState(false);
  const { create, isSaving, id } = useCreate<Immunization>("Immunization", ENTRY);
  const isHere = fields.source === "here";
  const errors: Record<string, string | undefined> = {
    vaccine: fields.vaccine.trim() === "" ? t("required") : undefined,
    date: fields.date === "" ? t("required") : fields.date > isoDay() ? t("dateFuture") : undefined,
    dose: fields.dose !== "" && !/^[1-9]\d?$/.test(fields.dose) ? t("doubt.number") : undefined,
    lot: isHere && fields.lot.trim() === "" ? t("lotNeeded") : undefined,
  };
  const set = (name: keyof typeof fields, value: string) => setFields((before) => ({ ...before, [name]: value }));
  const field = (name: keyof typeof fields, label: string, more: object = {}) => (
    <TextInput label={label} value={fields[name]} error={isTried ? errors[name] : undefined} autoComplete="off" onChange={(event) => set(name, event.currentTarget.value)} {...more} />
  );
  const save = () => {
    setTried(true);
    if (Object.values(errors).some((one) => one !== undefined)) return;
    const name = fields.vaccine.trim();
    const known = VACCINES.find((one) => one.name.toLocaleLowerCase() === name.toLocaleLowerCase());
    const site = SITES.find(([code]) => code === fields.site);
    create({
      resourceType: "Immunization",
      identifier: [{ system: ENTRY, value: id }],
      status: "completed",
      vaccineCode: { text: name, ...(known === undefined ? {} : { coding: [known.coding] }) },
      patient: { reference: `Patient/${patient}` },
      occurrenceDateTime: fields.date,
      recorded: isoDay(),
      primarySource: isHere,
      ...(isHere ? {} : { reportOrigin: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/immunization-origin", code: "record", display: "Written Record" }] } }),
      ...(fields.lot.trim() === "" ? {} : { lotNumber: fields.lot.trim() }),
      ...(site === undefined ? {} : { site: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActSite", code: site[0], display: site[1] }], text: t(`site.${site[0]}`) } }),
      ...(fields.dose === "" ? {} : { protocolApplied: [{ doseNumberPositiveInt: Number(fields.dose) }] }),
      ...(isHere && session.grant.fhirUser !== undefined ? { performer: [{ actor: { reference: session.grant.fhirUser } }] } : {}),
    }, t("saved"), onClose);
  };
  return (
    <Modal opened onClose={onClose} title={t("immunizationAdd")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); save(); }}>
        <Whom patient={patient} />
        <Stack gap="sm">
          <Autocomplete label={t("vaccine")} withAsterisk description={t("vaccineHint")} data={VACCINES.map((one) => one.name)} value={fields.vaccine} error={isTried ? errors.vaccine : undefined} onChange={(value) => set("vaccine", value)} />
          <NativeSelect label={t("givenWhere")} value={fields.source} onChange={(event) => set("source", event.currentTarget.value)} data={[{ value: "here", label: t("givenHere") }, { value: "record", label: t("givenElsewhere") }]} />
          <Group grow align="flex-start">{field("date", t("when"), { type: "date", max: isoDay(), withAsterisk: true })}{field("dose", `${t("doseNumber")} (${t("optional")})`, { inputMode: "numeric" })}</Group>
          <Group grow align="flex-start">
            {field("lot", isHere ? t("lot") : `${t("lot")} (${t("optional")})`, { withAsterisk: isHere })}
            <NativeSelect label={`${t("bodySite")} (${t("optional")})`} value={fields.site} onChange={(event) => set("site", event.currentTarget.value)} data={[{ value: "", label: t("choiceNone") }, ...SITES.map(([code]) => ({ value: code, label: t(`site.${code}`) }))]} />
          </Group>
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t("cancel")}</Button><Button type="submit" loading={isSaving}>{t("save")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
