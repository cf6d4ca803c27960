import { Button, Group, Modal, MultiSelect, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import type { Appointment, Patient } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange, useRead } from "../../shared/fhir/queries.ts";
import { addDays, dayOf, instantOf, written } from "../../shared/format/zone.ts";
import { Conflict, type Difference } from "../../shared/forms/Conflict.tsx";
import { useDraft } from "../../shared/forms/drafts.ts";
import { told } from "../../shared/forms/saving.ts";
import { day } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { FindPatient } from "../booking/FindPatient.tsx";
import { patientIdOf, reasonOf, refOf } from "../model/appointments.ts";
import { useLabels } from "../model/data.ts";
import type { Row } from "../model/rows.ts";

interface Values {
  who: string[];
  from: string;
  until: string;
  minutes: string;
  priority: string;
  reason: string;
  comment: string;
}

const NAMES = "urn:ietf:rfc:3986";

/** Puts a patient on the waiting list, or changes what they wait for. */
export default function WaitingForm({ appointment, patients, rows, onClose }: { appointment: Stored<Appointment> | undefined; patients: ReadonlyMap<string, Patient>; rows: readonly Row[]; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { zone, shown } = useZone();
  const labels = useLabels(rows);
  const fixed = useRead<Patient>("Patient", appointment === undefined ? session.grant.patient : undefined);
  const [found, setFound] = useState<Patient>();
  const patient = appointment === undefined ? (fixed.data ?? found) : patients.get(patientIdOf(appointment) ?? "");
  const [isTried, setTried] = useState(false);
  const [base, setBase] = useState(appointment);
  const [theirs, setTheirs] = useState<Stored<Appointment>>();
  const [once] = useState(() => `urn:uuid:${crypto.randomUUID()}`);
  const form = useForm<Values>({ initialValues: valuesOf(appointment) });
  const draft = useDraft(`waiting/${appointment?.id ?? "new"}`, form.values, (values) => form.setValues(values), form.isDirty());

  const save = useChange<Stored<Appointment> | undefined, Stored<Appointment>>(["Appointment"], (fhir, of) => {
    const made = appointmentOf(of);
    return of === undefined ? fhir.create(made, `identifier=${NAMES}|${once}`) : fhir.update(made);
  });
  const submit = (of: Stored<Appointment> | undefined) => {
    setTried(true);
    if (patient === undefined) return;
    save.mutate(of, {
      onSuccess: () => {
        void draft.clear();
        told(t("waitsNow", { name: formalName(patient.name) || t("noName") }));
        onClose();
      },
    });
  };
  const read = useChange<string, Stored<Appointment>>([], (fhir, id) => fhir.read<Appointment>("Appointment", id));
  const isConflict = save.error instanceof FhirError && save.error.status === 412;

  return (
    <>
      <Modal opened onClose={onClose} size="lg" title={t(appointment === undefined ? "addWaiting" : "changeWaiting")} closeButtonProps={{ "aria-label": t("close") }} closeOnClickOutside={false}>
        <form noValidate onSubmit={(event) => { event.preventDefault(); submit(base); }}>
          <Stack>
            <FindPatient patient={patient} onChoose={setFound} isFixed={appointment !== undefined || session.grant.patient !== undefined} error={isTried && patient === undefined ? t("choosePatient") : undefined} />
            <MultiSelect
              label={t("waitsFor")} description={t("waitsForHint")} searchable hidePickedOptions nothingFoundMessage={t("nothingFound")} clearButtonProps={{ "aria-label": t("chooseNobody") }}
              data={(["person", "room", "device"] as const).map((kind) => ({ group: t(`kind.${kind}`), items: rows.filter((row) => row.kind === kind).map((row) => ({ value: row.ref, label: row.label })) })).filter((group) => group.items.length > 0)}
              {...form.getInputProps("who")}
            />
            <Group grow preventGrowOverflow={false} align="flex-start">
              <TextInput type="date" label={t("notBefore")} {...form.getInputProps("from")} />
              <TextInput type="date" label={t("notAfter")} {...form.getInputProps("until")} />
              <Select label={t("length")} clearable clearButtonProps={{ "aria-label": t("oneSlot") }} placeholder={t("oneSlot")} data={[10, 15, 20, 30, 40, 60].map((n) => ({ value: String(n), label: t("minutes", { n }) }))} {...form.getInputProps("minutes")} />
              <Select label={t("priority")} allowDeselect={false} data={["1", "5", "9"].map((value) => ({ value, label: t(`priorityIs.${value === "1" ? "high" : value === "5" ? "usual" : "low"}`) }))} {...form.getInputProps("priority")} />
            </Group>
            <TextInput label={t("reason")} maxLength={200} {...form.getInputProps("reason")} />
            <Textarea label={t("comment")} autosize minRows={1} maxRows={5} maxLength={2000} {...form.getInputProps("comment")} />
            {save.isError && !isConflict && <Failed title={t("notSaved")} error={save.error} />}
            {isConflict && theirs === undefined && (
              <Failed
                title={t("notSaved")} error={new Error(t("conflictTitle"))}
                retry={() => read.mutate(appointment?.id ?? "", { onSuccess: setTheirs })}
              />
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>{t("leaveIt")}</Button>
              <Button type="submit" loading={save.isPending}>{t("save")}</Button>
            </Group>
          </Stack>
        </form>
      </Modal>
      {theirs !== undefined && (
        <Conflict
          differences={differences(theirs)} onClose={() => setTheirs(undefined)}
          onTake={() => { form.setValues(valuesOf(theirs)); setBase(theirs); setTheirs(undefined); save.reset(); }}
          onKeep={() => { setBase(theirs); const now = theirs; setTheirs(undefined); submit(now); }}
        />
      )}
    </>
  );

  function valuesOf(one: Appointment | undefined): Values {
    const period = one?.requestedPeriod?.[0];
    return {
      who: one?.participant.map(refOf).filter((ref) => rows.some((row) => row.ref === ref)) ?? [],
      from: dayOf(shown(period?.start)),
      until: period?.end === undefined ? "" : dayOf(shown(new Date(Date.parse(period.end) - 1000))),
      minutes: one?.minutesDuration === undefined ? "" : String(one.minutesDuration),
      priority: one?.priority === undefined || one.priority === 0 ? "5" : one.priority <= 2 ? "1" : one.priority <= 5 ? "5" : "9",
      reason: one === undefined ? "" : reasonOf(one),
      comment: one?.comment ?? "",
    };
  }

  function appointmentOf(of: Stored<Appointment> | undefined): Appointment & { id?: string } {
    const { who, from, until, minutes, priority, reason, comment } = form.values;
    const name = formalName(patient?.name);
    const left = of === undefined ? {} : Object.fromEntries(Object.entries(of).filter(([key]) => !["requestedPeriod", "minutesDuration", "reasonCode", "comment"].includes(key)));
    return {
      ...left,
      resourceType: "Appointment",
      status: "waitlist",
      ...(of === undefined ? { identifier: [{ system: NAMES, value: once }], created: written(new Date()) } : {}),
      priority: Number(priority),
      ...(minutes === "" ? {} : { minutesDuration: Number(minutes) }),
      ...(from === "" && until === "" ? {} : {
        requestedPeriod: [{
          ...(from === "" ? {} : { start: written(instantOf(from, zone)) }),
          ...(until === "" ? {} : { end: written(instantOf(addDays(until, 1), zone)) }),
        }],
      }),
      ...(reason.trim() === "" ? {} : { reasonCode: [{ text: reason.trim() }] }),
      ...(comment.trim() === "" ? {} : { comment: comment.trim() }),
      participant: [
        { actor: { reference: `Patient/${patient?.id ?? ""}`, display: name }, required: "required", status: "accepted" },
        ...who.map((ref) => ({ actor: { reference: ref, display: labels.get(ref) ?? "" }, required: "required" as const, status: "needs-action" as const })),
        // Who has no calendar stays as they are.
        ...(of?.participant ?? []).filter((one) => !refOf(one).startsWith("Patient/") && !rows.some((row) => row.ref === refOf(one))),
      ],
    };
  }

  function differences(stored: Appointment): Difference[] {
    const [a, b] = [valuesOf(stored), form.values];
    const names = (refs: string[]) => refs.map((ref) => labels.get(ref) ?? ref).join(", ");
    return [
      { field: t("waitsFor"), theirs: names(a.who), mine: names(b.who) },
      { field: t("notBefore"), theirs: day(a.from), mine: day(b.from) },
      { field: t("notAfter"), theirs: day(a.until), mine: day(b.until) },
      { field: t("length"), theirs: a.minutes, mine: b.minutes },
      { field: t("priority"), theirs: a.priority, mine: b.priority },
      { field: t("reason"), theirs: a.reason, mine: b.reason },
      { field: t("comment"), theirs: a.comment, mine: b.comment },
    ];
  }
}
