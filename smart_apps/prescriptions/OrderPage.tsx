import { Alert, Button, Card, Checkbox, Group, NumberInput, Select, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import type { Bundle, Encounter, Medication, MedicationRequest, Organization, Parameters } from "fhir/r4";
import { useState, type SyntheticEvent } from "react";
import { useLocation, useSearchParams } from "wouter";

import { Cards } from "../shared/cds/Cards.tsx";
import { deletedBy, tellOf, type Card as CdsCard, type Suggestion } from "../shared/cds/cards.ts";
import { useCards } from "../shared/cds/useCards.ts";
import { answerOf, idIn, resourcesOf } from "../shared/fhir/bundle.ts";
import { addressOf, performer } from "../shared/fhir/departments.ts";
import { useBatch, useChange, useRead, useSearch } from "../shared/fhir/queries.ts";
import { useDraft } from "../shared/forms/drafts.ts";
import { told } from "../shared/forms/saving.ts";
import { isoDay, isoNow, time } from "../shared/format/dates.ts";
import { formalName } from "../shared/format/people.ts";
import { unitOf } from "../shared/format/quantities.ts";
import { usePatientBatch } from "../shared/frame/PatientBanner.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { Loaded, Loading } from "../shared/states/Loaded.tsx";
import { Findings } from "./Findings.tsx";
import { MedicinePicker } from "./MedicinePicker.tsx";
import { checkedIn, unanswered, withReasons, type Checked } from "./model/findings.ts";
import { medicineName, prescription, ROUTES, selection, UNITS, type Choice } from "./model/medicine.ts";
import { NONE, pharmacyRequests, usualPharmacy } from "./model/pharmacies.ts";
import { containedMedicine, orderOf, type Typed, EMPTY, typedFrom, problems } from "./model/ordering.ts";

/** https://cds-hooks.hl7.org/2.0/ */
const SERVICE = "prescription-select-check";
const WARD = new Set(["IMP", "ACUTE", "NONAC", "EMER", "OBSENC"]);
const HOURS = ["4", "6", "8", "12", "24", "48", "168"];

/** One prescription: filled in, checked against the record, signed. `?renew=ID` begins with another one. */
export default function OrderPage({ patient }: { patient: string }) {
  const [query] = useSearchParams();
  const renew = query.get("renew") ?? undefined;
  const renewed = useRead<MedicationRequest>("MedicationRequest", renew);
  if (renew === undefined) return <OrderForm patient={patient} />;
  return <Loaded query={renewed}>{(old) => <Renewal patient={patient} old={old} />}</Loaded>;
}

/** A ward prescription refers to its medicine: that is read before the form opens. */
function Renewal({ patient, old }: { patient: string; old: MedicationRequest }) {
  const contained = containedMedicine(old);
  const read = useRead<Medication>("Medication", idIn(old.medicationReference?.reference, "Medication"));
  if (read.isLoading) return <Loading lines={8} />;
  return <OrderForm patient={patient} old={old} medication={contained ?? read.data} />;
}

function OrderForm({ patient, old, medication }: { patient: string; old?: MedicationRequest; medication?: Medication }) {
  const { t, language } = useTexts();
  const { fhir, session } = useSmart();
  const [, go] = useLocation();
  const stay = useSearch<Encounter>("Encounter", { patient, status: "in-progress", _sort: "-date", _count: 1 });
  const batch = usePatientBatch(patient);
  const [begun] = useState(() => (old === undefined ? EMPTY : typedFrom(old, medication)));
  const [typed, setTyped] = useState<Typed>(begun);
  const [emptied, setEmptied] = useState(0);
  const [isTried, setTried] = useState(false);
  const [checked, setChecked] = useState<{ of: string; said: Checked }>();
  const [reasons, setReasons] = useState<Record<number, string>>({});
  const draft = useDraft(`prescription ${patient} ${old?.id ?? ""}`, typed, setTyped, typed !== begun);

  const directory = useBatch(pharmacyRequests(patient), ["Organization", "MedicationRequest"]);
  const encounter = resourcesOf<Encounter>(stay.data)[0];
  const isInpatient = WARD.has(encounter?.class.code ?? "");
  const pharmacies = resourcesOf<Organization>(answerOf<Bundle<Organization>>(directory.data, 0));
  const areUnread = directory.isError || (directory.data !== undefined && answerOf(directory.data, 0) === undefined);
  const before = resourcesOf<MedicationRequest>(answerOf<Bundle<MedicationRequest>>(directory.data, 1));
  const choices = [...pharmacies.map((one) => ({ value: addressOf(one), label: one.name ?? addressOf(one) })), { value: NONE, label: t("order.noPharmacy") }];
  const chosen = choices.some((one) => one.value === typed.pharmacy) ? typed.pharmacy : usualPharmacy(pharmacies, before, isInpatient);

  const filled: Typed = { ...typed, pharmacy: chosen };
  const wrong = problems(filled);
  const order = orderOf(filled);
  const about = { patient, encounter: encounter?.id, isInpatient, performer: performer(pharmacies, chosen ?? NONE), requester: session.grant.fhirUser, authoredOn: isoNow(), prior: old?.id };
  const says = { every: (n: number) => t("order.every", { n }), once: t("order.once"), asNeeded: t("order.needed"), days: (n: number) => t("order.days", { n }) };
  // Who dispenses it changes nothing of what was checked.
  const mark = JSON.stringify({ ...typed, pharmacy: undefined, repeats: undefined, validUntil: undefined });
  const isChecked = checked?.of === mark;
  const missing = isChecked ? unanswered(checked.said.findings, reasons) : [];
  // As soon as a medicine is chosen, before the dose is: what speaks against it.
  const selected = typed.medicine === undefined || session.grant.fhirUser === undefined || isChecked ? undefined : {
    service: SERVICE, hook: "order-select" as const, patient, encounter: encounter?.id, user: session.grant.fhirUser,
    drafts: [selection(typed.medicine, { patient, prior: old?.id })],
  };
  const cards = useCards(selected);
  const take = (suggestion: Suggestion, card: CdsCard) => {
    if (deletedBy(suggestion).length > 0) {
      set({ medicine: undefined });
      setEmptied((n) => n + 1);
    }
    void tellOf(fhir, SERVICE, card, suggestion).catch(() => undefined);
  };
  const set = (change: Partial<Typed>) => setTyped((before) => ({ ...before, ...change }));
  const change = useChange(["MedicationRequest"], async (to, step: "check" | "sign") => {
    if (order === undefined) return undefined;
    if (step === "check") {
      const asked = { resourceType: "Parameters", parameter: [{ name: "resource", resource: prescription(order, about, "draft", says) }] };
      const said = checkedIn(await to.operation<Parameters>("MedicationRequest/$check", asked, undefined, language));
      setChecked({ of: mark, said });
      setReasons({});
      return undefined;
    }
    const signed = withReasons(prescription(order, about, "active", says), checked?.said.findings ?? [], reasons, session.grant.fhirUser);
    // What it takes the place of ends in the same transaction: never both, never neither.
    if (old === undefined || old.status !== "active") return to.create(signed);
    const stopped: MedicationRequest = { ...old, status: "stopped", statusReason: { text: t("order.replaced") } };
    await to.transaction([
      { fullUrl: `urn:uuid:${crypto.randomUUID()}`, resource: signed, request: { method: "POST", url: "MedicationRequest" } },
      { resource: stopped, request: { method: "PUT", url: `MedicationRequest/${old.id ?? ""}`, ifMatch: `W/"${old.meta?.versionId ?? ""}"` } },
    ]);
    return signed;
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (order === undefined || missing.length > 0) return;
    change.mutate(isChecked ? "sign" : "check", {
      onSuccess: (made) => {
        if (made === undefined) return;
        void draft.clear();
        told(t("order.signed", { medicine: order.medicine.display, patient: formalName(batch.patient?.name) }));
        go(`/patients/${patient}`);
      },
    });
  };
  const field = (name: keyof Typed) => (isTried && wrong.includes(name) ? t("reasonNeeded") : undefined);
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw={760} mx="auto">
        <Title order={2}>{old === undefined ? t("order.title") : t("order.renewTitle")}</Title>
        <Card>
          <Stack gap="sm">
            {old !== undefined && begun.medicine === undefined && <Alert color="yellow" role="status">{t("order.noCode", { medicine: medicineName(old) || t("notKnown") })}</Alert>}
            <MedicinePicker key={`${draft.restoredAt ?? "new"} ${emptied}`} value={typed.medicine} onChoose={(medicine: Choice | undefined) => set({ medicine })} error={field("medicine")} />
            <SimpleGrid cols={{ base: 2, sm: 4 }}>
              <NumberInput label={t("order.dose")} required min={0} decimalScale={4} inputMode="decimal" value={typed.dose} onChange={(dose) => set({ dose })} error={field("dose")} />
              <Select label={t("order.unit")} required data={UNITS.map((code) => ({ value: code, label: unitOf({ code }) }))} value={typed.unit} onChange={(unit) => set({ unit: unit ?? "mg" })} allowDeselect={false} />
              <Select label={t("order.route")} required data={ROUTES.map((one) => ({ value: one.code, label: t(`route.${one.key}`) }))} value={typed.route} onChange={(route) => set({ route })} error={field("route")} />
              <Select label={t("order.often")} required data={[...HOURS.map((hours) => ({ value: hours, label: t("order.every", { n: Number(hours) }) })), { value: "once", label: t("order.once") }]} value={typed.hours} onChange={(hours) => set({ hours })} error={field("hours")} />
            </SimpleGrid>
            <Group>
              <Checkbox label={t("order.neededLabel")} checked={typed.asNeeded} onChange={(event) => set({ asNeeded: event.currentTarget.checked })} />
              <NumberInput label={t("order.duration")} min={1} max={365} w={160} value={typed.days} onChange={(days) => set({ days })} />
            </Group>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <Select label={t("order.pharmacy")} required allowDeselect={false} data={choices} value={chosen ?? null} onChange={(pharmacy) => set({ pharmacy: pharmacy ?? undefined })} error={field("pharmacy")}
                description={areUnread ? t("order.pharmaciesUnread") : directory.data !== undefined && pharmacies.length === 0 ? t("order.pharmacyNotHere") : chosen === NONE ? t("order.noPharmacyHint") : t("order.pharmacyHint")} inputWrapperOrder={["label", "input", "description", "error"]} />
              {!isInpatient && (
                <Group align="flex-start" grow>
                  <NumberInput label={t("order.repeats")} min={0} max={99} allowDecimal={false} value={typed.repeats} onChange={(repeats) => set({ repeats })} />
                  <TextInput type="date" label={t("order.validUntil")} min={isoDay()} value={typed.validUntil} onChange={(event) => set({ validUntil: event.currentTarget.value })} error={wrong.includes("validUntil") ? t("order.validPast") : undefined} />
                </Group>
              )}
            </SimpleGrid>
            <TextInput label={t("order.reason")} value={typed.reason} onChange={(event) => set({ reason: event.currentTarget.value })} />
            <TextInput label={t("note")} value={typed.note} onChange={(event) => set({ note: event.currentTarget.value })} />
          </Stack>
        </Card>
        {selected !== undefined && <Cards query={cards} onSuggestion={take} />}
        {isChecked && <Findings checked={checked.said} reasons={reasons} missing={isTried ? missing : []} onReason={(n, reason) => setReasons((before) => ({ ...before, [n]: reason }))} />}
        {change.isError && <Failed error={change.error} title={t("notSaved")} />}
        {draft.keptAt !== undefined && <Text size="sm" c="dimmed">{t("draftKept", { time: time(draft.keptAt) })}</Text>}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => {
            void draft.clear();
            go(`/patients/${patient}`);
          }}>{t("cancel")}</Button>
          <Button type="submit" loading={change.isPending} disabled={stay.isPending || directory.isPending}>{isChecked ? t("order.sign", { patient: formalName(batch.patient?.name) }) : t("order.check")}</Button>
        </Group>
      </Stack>
    </form>
  );
}

