import { Alert, Button, Group, Modal, NativeSelect, SegmentedControl, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { Encounter } from "fhir/r4";
import { useRef, useState, type KeyboardEvent } from "react";
import { useLocation } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { isAbout, useSearch } from "../../shared/fhir/queries.ts";
import { isoNow, moment, time } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { failed, told } from "../../shared/forms/saving.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { doubtOf, entriesOf, errorsOf, isEmpty, numberOf, unusualOf, type Doubt, type Typed } from "./entry.ts";
import { keepAndSend, type Waiting } from "./queue.ts";
import classes from "./form.module.css";
import { ACVPU, SIGNS, type Sign } from "./signs.ts";

/** Vital signs in one column: numeric keys, Enter goes on, hints while typing; the impossible refused, the unusual confirmed. */
export default function RecordVitals({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { fhir, session } = useSmart();
  const queries = useQueryClient();
  const me = useMe();
  const [, go] = useLocation();
  const { patient: who } = usePatientBatch(patient);
  const stay = useSearch<Encounter>("Encounter", { patient, status: "arrived,triaged,in-progress,onleave", _sort: "-date", _count: 1 });
  const [typed, setTyped] = useState<Typed>({});
  const [takenAt, setTakenAt] = useState("");
  const [isTried, setTried] = useState(false);
  const [asked, setAsked] = useState<Sign[]>();
  const [isSaving, setSaving] = useState(false);
  // The same round keeps its number, so that pressing the button again sends nothing twice.
  const [round] = useState(() => crypto.randomUUID());
  const form = useRef<HTMLFormElement>(null);
  const draft = useDraft(`vitals/${patient}`, typed, setTyped, !isEmpty(typed));
  const breathing = typed.breathing ?? "air";
  const values = { ...typed, breathing: "", oxygen: breathing === "air" ? "" : (typed.oxygen ?? "") };
  // How much it is, or it would count as room air.
  const errors: Record<string, Doubt> = { ...errorsOf(values), ...(breathing === "oxygen" && values.oxygen.trim() === "" ? { oxygen: "needed" as const } : {}) };
  const at = takenAt === "" ? undefined : new Date(takenAt);
  const isFuture = at !== undefined && at.getTime() > new Date().getTime() + 60_000;

  const set = (key: string, value: string) => setTyped((before) => ({ ...before, [key]: value }));
  const next = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    const fields = [...(form.current?.querySelectorAll<HTMLElement>("input:not([type=radio]), select, button[type=submit]") ?? [])];
    fields[fields.indexOf(event.target) + 1]?.focus();
  };
  const check = () => {
    setTried(true);
    if (isEmpty(values) || isFuture || isSaving) return;
    if (Object.keys(errors).length > 0) {
      form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
      return;
    }
    const unusual = unusualOf(values);
    if (unusual.length > 0) setAsked(unusual);
    else void save();
  };
  const save = async () => {
    setAsked(undefined);
    setSaving(true);
    const { iss, fhirUser = "" } = session.grant;
    const when = isoNow(at ?? new Date());
    const kept: Waiting = {
      id: round, iss, user: fhirUser, patient, at: when,
      entries: entriesOf(values, {
        patient, at: when, id: round, encounter: resourcesOf<Encounter>(stay.data, "Encounter")[0]?.id,
        performer: fhirUser === "" ? undefined : { reference: fhirUser, display: me?.name },
      }),
    };
    const { outcome, isKept } = await keepAndSend(fhir, kept, draft.clear);
    if (outcome === "waits" && !isKept) {
      failed(t("failedUnreachable"));
      setSaving(false);
      return;
    }
    if (outcome === "sent") told(t("vitalsSaved", { name: formalName(who?.name) }));
    else if (outcome === "waits") told(t("vitalsKept"));
    void queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["Observation", "Flag", "Task"]) });
    go(`/patients/${patient}/vitals`);
  };

  return (
    <Stack gap="sm" maw={460}>
      <Title order={2}>{t("recordVitals")}</Title>
      {draft.restoredAt !== undefined && <Alert color="gray" role="status">{t("draftBack", { time: time(draft.restoredAt) })}</Alert>}
      <form ref={form} noValidate onSubmit={(event) => { event.preventDefault(); check(); }}>
        <Stack gap="sm" role="presentation" onKeyDown={next}>
          {SIGNS.filter((sign) => sign.key !== "oxygen" && sign.key !== "weight").flatMap((sign) => [
            <Field key={sign.key} sign={sign} value={typed[sign.key] ?? ""} error={isTried ? errors[sign.key] : undefined} onChange={(value) => set(sign.key, value)} />,
            ...(sign.key === "saturation" ? [<Oxygen key="oxygen" state={breathing} onState={(value) => set("breathing", value)} flow={typed.oxygen ?? ""} error={isTried ? errors.oxygen : undefined} onFlow={(value) => set("oxygen", value)} />] : []),
            ...(sign.key === "temperature" ? [
              <NativeSelect key="consciousness" label={t("sign.consciousness")} value={typed.consciousness ?? ""} onChange={(event) => set("consciousness", event.currentTarget.value)}
                data={[{ value: "", label: t("notMeasured") }, ...ACVPU.map((one) => ({ value: one.key, label: t(`acvpu.${one.key}`) }))]} />,
            ] : []),
          ])}
          {SIGNS.filter((sign) => sign.key === "weight").map((sign) => (
            <Field key={sign.key} sign={sign} value={typed.weight ?? ""} error={isTried ? errors.weight : undefined} onChange={(value) => set("weight", value)} />
          ))}
          <TextInput type="datetime-local" label={t("takenAt")} description={t("takenNow")} value={takenAt} error={isFuture ? t("takenFuture") : undefined} onChange={(event) => setTakenAt(event.currentTarget.value)} />
          {isTried && isEmpty(values) && <Text role="alert" size="sm" c="var(--mantine-color-error)">{t("vitalsNothing")}</Text>}
          <Group justify="flex-end" wrap="nowrap" className={classes.actions}>
            <Button variant="default" size="md" style={{ flex: "none" }} onClick={() => go(`/patients/${patient}/vitals`)}>{t("cancel")}</Button>
            <Button type="submit" size="md" loading={isSaving} classNames={{ root: classes.save, label: classes.label }}>{t("vitalsSave", { name: formalName(who?.name) })}</Button>
          </Group>
        </Stack>
      </form>
      {asked !== undefined && (
        <Modal opened onClose={() => setAsked(undefined)} title={t("unusualTitle", { name: formalName(who?.name) })} closeButtonProps={{ "aria-label": t("close") }}>
          <Stack gap="xs">
            <Text size="sm">{t("unusualText")}</Text>
            {asked.map((sign) => <Text key={sign.key} fw={600}>{t(`sign.${sign.key}`)} {typed[sign.key]}{"\u00a0"}{sign.shown}</Text>)}
            <Text size="sm" c="dimmed">{moment(at ?? new Date())}</Text>
            <Group justify="flex-end">
              <Button variant="default" data-autofocus onClick={() => setAsked(undefined)}>{t("unusualMend")}</Button>
              <Button onClick={() => void save()}>{t("unusualRight")}</Button>
            </Group>
          </Stack>
        </Modal>
      )}
    </Stack>
  );
}

function Field({ sign, value, error, onChange }: { sign: Sign; value: string; error?: Doubt; onChange: (value: string) => void }) {
  const { t } = useTexts();
  const doubt = doubtOf(sign, value);
  const said = error ?? (doubt === "impossible" || doubt === "number" ? doubt : undefined);
  const n = numberOf(value);
  const where = doubt === "unusual" && n !== undefined ? t(n > sign.usual[1] ? "unusualHigh" : "unusualLow", { low: sign.usual[0], high: sign.usual[1] }) : sign.usual[0] === sign.possible[0] && sign.usual[1] === sign.possible[1] ? "" : t("usual", { low: sign.usual[0], high: sign.usual[1] });
  return (
    <TextInput
      label={t(`sign.${sign.key}`)} value={value} inputMode={sign.digits > 0 ? "decimal" : "numeric"} autoComplete="off" size="md"
      description={<span style={{ color: doubt === "unusual" ? "var(--fs-warning)" : undefined, fontWeight: doubt === "unusual" ? 600 : undefined }}>{where}</span>}
      rightSection={<span className="fs-unit">{sign.shown}</span>} rightSectionWidth={64} rightSectionPointerEvents="none"
      error={said === undefined ? undefined : t(`doubt.${said}`, { low: sign.possible[0], high: sign.possible[1], digits: sign.digits })}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Room air, or how much oxygen: NEWS2 counts it. */
function Oxygen({ state, onState, flow, error, onFlow }: { state: string; onState: (state: string) => void; flow: string; error?: Doubt; onFlow: (value: string) => void }) {
  const { t } = useTexts();
  const sign = SIGNS.find((one) => one.key === "oxygen");
  return (
    <>
      <SegmentedControl fullWidth aria-label={t("breathing")} value={state} onChange={onState} data={[{ value: "air", label: t("roomAir") }, { value: "oxygen", label: t("onOxygen") }]} />
      {state === "oxygen" && sign !== undefined && <Field sign={sign} value={flow} error={error} onChange={onFlow} />}
    </>
  );
}
