import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconArrowRight } from "@tabler/icons-react";
import type { Appointment, Patient } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange, useRead } from "../../shared/fhir/queries.ts";
import { dayOf, instantOf, minutesBetween, timeOf, weekdayName } from "../../shared/format/zone.ts";
import { failed } from "../../shared/forms/saving.ts";
import { day } from "../../shared/format/dates.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed, useReason } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { comers, patientIdOf, patientName } from "../model/appointments.ts";
import { reschedule } from "../model/asking.ts";
import { useLabels } from "../model/data.ts";
import type { Row } from "../model/rows.ts";
import { undoable } from "../model/undoable.tsx";
import { PatientLine } from "../booking/PatientLine.tsx";
import { usePlan } from "./usePlan.ts";

/** What is to be moved; whence and whither, where that was shown by dragging. */
export interface Moving {
  appointment: Stored<Appointment>;
  from?: Row;
  to?: Row;
  start?: Date;
  end?: Date;
}

/** Another time, another person or room: by drop, by the button or by the key, it is decided here. */
export default function MoveDialog({ moving, rows, onClose }: { moving: Moving; rows: readonly Row[]; onClose: () => void }) {
  const { t, language } = useTexts();
  const reason = useReason();
  const { zone, shown } = useZone();
  const { appointment } = moving;
  // What is stored now, should somebody have changed it since.
  const read = useRead<Appointment>("Appointment", appointment.id);
  const now = read.data ?? appointment;
  const patient = useRead<Patient>("Patient", patientIdOf(appointment));
  const name = patientName(now, new Map(patient.data === undefined ? [] : [[patient.data.id, patient.data]])) || t("noName");
  const its = rows.filter((row) => comers(now).includes(row.ref));
  const from = moving.from ?? its.find((row) => row.kind === "person") ?? its[0];
  const length = minutesBetween(now.start ?? "", now.end ?? "");
  const [to, setTo] = useState(moving.to?.ref ?? from?.ref ?? null);
  const begins = shown(moving.start ?? now.start);
  const [date, setDate] = useState(dayOf(begins));
  const [clock, setClock] = useState(timeOf(begins));
  const [minutes, setMinutes] = useState(String(moving.start !== undefined && moving.end !== undefined ? minutesBetween(moving.start, moving.end) : length));
  const target = rows.find((row) => row.ref === to);
  const start = date === "" || clock === "" ? undefined : instantOf(`${date} ${clock}`, zone);
  const end = start === undefined ? undefined : new Date(start.getTime() + Number(minutes) * 60_000);
  const isSame = start !== undefined && end !== undefined && to === from?.ref && start.getTime() === Date.parse(now.start ?? "") && end.getTime() === Date.parse(now.end ?? "");
  const plan = usePlan(isSame ? undefined : { appointment: now, rows, from, to: target, start, end });
  const move = useChange<{ of: Stored<Appointment>; slots: string[] }, Stored<Appointment>>(["Appointment", "Slot"], (fhir, { of, slots }) => reschedule(fhir, of, slots));
  const labels = useLabels(rows);
  const lengths = [...new Set([10, 15, 20, 30, 40, 45, 60, 90, 120, length, Number(minutes)])].filter((n) => n > 0).sort((a, b) => a - b);

  const use = (at: string) => { setDate(dayOf(at)); setClock(timeOf(at)); };
  const fit = plan.data?.plan.fits === true ? plan.data.plan : undefined;
  const save = () => {
    if (fit === undefined) return;
    const before = now.slot?.map((slot) => slot.reference ?? "") ?? [];
    move.mutate({ of: now, slots: fit.slots }, {
      onSuccess: (made) => {
        const at = shown(made.start);
        const words = t("moved", { name, at: `${day(dayOf(at))} ${timeOf(at)}` });
        undoable(words, () => {
          move.mutate({ of: made, slots: before }, { onError: (error) => failed(error instanceof FhirError && error.isConflict ? t("cantUndo") : reason(error)) });
        });
        onClose();
      },
      onError: () => { void read.refetch(); void plan.refetch(); },
    });
  };
  const old = shown(now.start);
  const isOut = now.status !== "booked";
  return (
    <Modal opened onClose={onClose} size="lg" title={t("moveTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={(event) => { event.preventDefault(); save(); }}>
        <Stack>
          {patient.isError ? <Text fw={600}>{name}</Text> : <PatientLine patient={patient.data} />}
          <Group gap="xs" align="flex-start">
            <Text>{weekdayName(dayOf(old), language)} {day(dayOf(old))} {timeOf(old)}–{timeOf(shown(now.end))}{from !== undefined && ` · ${from.label}`}</Text>
            {fit !== undefined && (
              <Text fw={600}>
                <IconArrowRight size={16} aria-label={t("becomes")} style={{ verticalAlign: "-3px" }} /> {weekdayName(dayOf(shown(fit.start)), language)} {day(dayOf(shown(fit.start)))} {timeOf(shown(fit.start))}–{timeOf(shown(fit.end))}{target !== undefined && ` · ${target.label}`}
              </Text>
            )}
          </Group>
          <Group grow align="flex-start" preventGrowOverflow={false}>
            <TextInput type="date" label={t("day")} value={date} onChange={(event) => setDate(event.currentTarget.value)} required data-autofocus />
            <TextInput type="time" label={t("begins")} value={clock} onChange={(event) => setClock(event.currentTarget.value)} required />
            <Select label={t("length")} data={lengths.map((n) => ({ value: String(n), label: t("minutes", { n }) }))} value={minutes} onChange={(value) => setMinutes(value ?? minutes)} allowDeselect={false} />
          </Group>
          {from !== undefined && (
            <Select
              label={t("with")} searchable nothingFoundMessage={t("nothingFound")} allowDeselect={false} value={to} onChange={setTo}
              data={rows.filter((row) => row.kind === from.kind).map((row) => ({ value: row.ref, label: row.label }))}
            />
          )}
          {isOut && <Alert color="yellow" role="alert">{t("notBookedNow", { status: t(`status.${now.status}`) })}</Alert>}
          {plan.isPending && plan.fetchStatus !== "idle" && <Loading lines={2} />}
          {plan.isError && <Failed error={plan.error} retry={() => void plan.refetch()} />}
          {plan.data?.plan.fits === false && (
            <Alert color="yellow" role="alert" icon={<IconAlertTriangle aria-hidden />} title={t("notFree")}>
              <Text size="sm">{why(plan.data.plan)}</Text>
              {plan.data.next.length > 0 && (
                <>
                  <Text size="sm" mt="xs" fw={600}>{t("nextFree")}</Text>
                  <Group gap="xs" mt={4}>
                    {plan.data.next.map((proposal) => {
                      const at = shown(proposal.start);
                      return <Button key={at} type="button" size="xs" variant="default" onClick={() => use(at)}>{weekdayName(dayOf(at), language)} {day(dayOf(at))} {timeOf(at)}</Button>;
                    })}
                  </Group>
                </>
              )}
              {plan.data.next.length === 0 && <Text size="sm" mt="xs">{t("noneFreeSoon")}</Text>}
            </Alert>
          )}
          {move.isError && <Failed title={t("notSaved")} error={move.error instanceof FhirError && move.error.isConflict ? new Error(t(move.error.status === 412 ? "changedSeeAbove" : "timeGone")) : move.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("leaveIt")}</Button>
            <Button type="submit" loading={move.isPending} disabled={fit === undefined || isOut || isSame}>{t("moveOf", { name })}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );

  function why(found: { why: "past" | "taken" | "closed"; row: Row; clash?: Appointment }): string {
    if (found.why === "past") return t("isPast");
    if (found.clash !== undefined) {
      const at = `${timeOf(shown(found.clash.start))}–${timeOf(shown(found.clash.end))}`;
      const who = patientName(found.clash, plan.data?.patients ?? new Map()) || t("noName");
      return t("clash", { who: labels.get(found.row.ref) ?? found.row.label, patient: who, at });
    }
    return t(found.why === "taken" ? "takenUnseen" : "outsideHours", { who: found.row.label });
  }
}
