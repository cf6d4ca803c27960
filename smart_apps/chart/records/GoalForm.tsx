import { Button, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import type { Goal } from "fhir/r4";
import { useState } from "react";

import { isoDay } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Whom } from "./Confirm.tsx";
import { MEASURES } from "./goals.ts";
import { useCreate } from "./useCreate.ts";

const ENTRY = "https://fhirserver.example/goal-entry";
const EMPTY = { text: "", measure: "", low: "", high: "", due: "" };

/** A number as it is typed, with a point or a comma; NaN when it is none. */
const number = (text: string) => (text.trim() === "" ? undefined : Number(text.trim().replace(",", ".")));

/** A new goal, with what it is measured by where there is something. */
export default function GoalForm({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [fields, setFields] = useState(EMPTY);
  const [isTried, setTried] = useState(false);
  const { create, isSaving, id } = useCreate<Goal>("Goal", ENTRY);
  const measure = MEASURES.find((one) => one.code === fields.measure);
  const [low, high] = [number(fields.low), number(fields.high)];
  const errors: Record<string, string | undefined> = {
    text: fields.text.trim() === "" ? t("required") : undefined,
    low: Number.isNaN(low) ? t("doubt.number") : undefined,
    high: Number.isNaN(high) ? t("doubt.number") : low !== undefined && high !== undefined && low > high ? t("goalOrder") : measure !== undefined && low === undefined && high === undefined ? t("goalBounds") : undefined,
    due: fields.due !== "" && fields.due < isoDay() ? t("goalPast") : undefined,
  };
  const field = (name: keyof typeof EMPTY, label: string, more: object = {}) => (
    <TextInput label={label} value={fields[name]} error={isTried ? errors[name] : undefined} autoComplete="off" onChange={(event) => { const { value } = event.currentTarget; setFields((before) => ({ ...before, [name]: value })); }} {...more} />
  );
  const save = () => {
    setTried(true);
    if (Object.values(errors).some((one) => one !== undefined)) return;
    const bound = (value: number | undefined) => (value === undefined || measure === undefined ? undefined : { value, unit: measure.shown, system: "http://unitsofmeasure.org", code: measure.unit });
    const due = fields.due === "" ? {} : { dueDate: fields.due };
    create({
      resourceType: "Goal",
      identifier: [{ system: ENTRY, value: id }],
      lifecycleStatus: "active",
      achievementStatus: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/goal-achievement", code: "in-progress", display: "In Progress" }] },
      description: { text: fields.text.trim() },
      subject: { reference: `Patient/${patient}` },
      startDate: isoDay(),
      statusDate: isoDay(),
      ...(session.grant.fhirUser === undefined ? {} : { expressedBy: { reference: session.grant.fhirUser } }),
      ...(measure === undefined ? {} : { target: [{ measure: { coding: [{ system: "http://loinc.org", code: measure.code, display: measure.display }], text: t(`measure.${measure.key}`) }, detailRange: { ...(low === undefined ? {} : { low: bound(low) }), ...(high === undefined ? {} : { high: bound(high) }) }, ...due }] }),
      // A date needs a target, and a target something that it is about.
      ...(measure === undefined && fields.due !== "" ? { target: [{ measure: { text: fields.text.trim() }, ...due }] } : {}),
    }, t("saved"), onClose);
  };
  return (
    <Modal opened onClose={onClose} title={t("goalAdd")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); save(); }}>
        <Whom patient={patient} />
        <Stack gap="sm">
          {field("text", t("goal"), { withAsterisk: true, description: t("goalHint") })}
          <NativeSelect label={`${t("measuredBy")} (${t("optional")})`} value={fields.measure} onChange={(event) => { const { value } = event.currentTarget; setFields((before) => ({ ...before, measure: value })); }}
            data={[{ value: "", label: t("measureNone") }, ...MEASURES.map((one) => ({ value: one.code, label: t(`measure.${one.key}`) }))]} />
          {measure !== undefined && <Group grow align="flex-start">{field("low", t("atLeast", { unit: measure.shown }), { inputMode: "decimal" })}{field("high", t("atMost", { unit: measure.shown }), { inputMode: "decimal" })}</Group>}
          {field("due", `${t("goalDue")} (${t("optional")})`, { type: "date", min: isoDay() })}
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>{t("cancel")}</Button><Button type="submit" loading={isSaving}>{t("save")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
