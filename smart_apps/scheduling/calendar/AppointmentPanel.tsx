import { Alert, Anchor, Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowsMove, IconX } from "@tabler/icons-react";
import type { Appointment, Patient } from "fhir/r4";
import { Suspense, useState } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { useRead } from "../../shared/fhir/queries.ts";
import { dayOf, minutesBetween, timeOf, weekdayName } from "../../shared/format/zone.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { day } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { holdEnds, isOffer, isSeries, nextStatuses, others, patientIdOf, patientName, reasonOf, serviceOf } from "../model/appointments.ts";
import { useStatus } from "../model/changes.ts";
import { useLabels, useReminders, useTasks } from "../model/data.ts";
import type { Row } from "../model/rows.ts";
import { PatientLine } from "../booking/PatientLine.tsx";
import { ICONS, StatusWord } from "./look.tsx";
import { ReminderWord } from "./ReminderWord.tsx";
import classes from "./panel.module.css";

const CancelDialog = part(() => import("./CancelDialog.tsx"));

/** One appointment: who, when, where, and what can be done about it. */
export default function AppointmentPanel({ id, rows, onClose, onMove }: { id: string; rows: readonly Row[]; onClose: () => void; onMove: (appointment: Stored<Appointment>) => void }) {
  const { t } = useTexts();
  const query = useRead<Appointment>("Appointment", id);
  return (
    <Drawer opened onClose={onClose} position="right" size="md" title={t("appointment")} closeButtonProps={{ "aria-label": t("close") }}>
      <Loaded query={query} lines={8}>{(appointment) => <Shown appointment={appointment} rows={rows} onMove={onMove} onClose={onClose} />}</Loaded>
    </Drawer>
  );
}

function Shown({ appointment, rows, onMove, onClose }: { appointment: Stored<Appointment>; rows: readonly Row[]; onMove: (appointment: Stored<Appointment>) => void; onClose: () => void }) {
  const { t, language } = useTexts();
  const { session } = useSmart();
  const { shown } = useZone();
  const labels = useLabels(rows);
  const patientId = patientIdOf(appointment);
  const patient = useRead<Patient>("Patient", patientId);
  const seesReminders = useMe()?.roles.includes("reception") === true;
  const reminders = useReminders(seesReminders && patientId !== undefined ? [patientId] : undefined);
  const tasks = useTasks(seesReminders);
  const [isCancelling, setCancelling] = useState(false);
  const nameOf = (one: Appointment) => formalName(patient.data?.name) || patientName(one, new Map()) || t("noName");
  const status = useStatus(nameOf);
  const mayChange = session.allows("Appointment", "u");
  const isOpen = ["booked", "pending", "arrived", "checked-in"].includes(appointment.status);
  const canMove = mayChange && appointment.status === "booked";
  useHotkeys([["M", () => { if (canMove) onMove(appointment); }]]);

  const from = shown(appointment.start);
  const to = shown(appointment.end);
  const ends = holdEnds(appointment);
  const isUnreachable = tasks.data?.entry?.some(({ resource }) => resource?.focus?.reference === `Appointment/${appointment.id}` && resource.code?.coding?.some((coding) => coding.code === "unreachable-for-reminder")) === true;
  return (
    <Stack gap="md">
      {patientId === undefined ? <Text fw={600}>{t("noPatient")}</Text> : patient.isError
        ? <Text fw={600}>{nameOf(appointment)}</Text>
        : <PatientLine patient={patient.data} />}
      <dl className={classes.facts}>
        <dt>{t("when")}</dt>
        <dd>
          {from === "" ? t("noTime") : <>{weekdayName(dayOf(from), language)} {day(dayOf(from))}<br /><strong>{timeOf(from)}–{timeOf(to)}</strong> ({t("minutes", { n: minutesBetween(appointment.start ?? "", appointment.end ?? "") })})</>}
        </dd>
        <dt>{t("with")}</dt>
        <dd>{others(appointment, labels).map((label) => <div key={label}>{label}</div>)}</dd>
        {serviceOf(appointment) !== "" && <><dt>{t("service")}</dt><dd>{serviceOf(appointment)}</dd></>}
        {appointment.basedOn?.[0]?.display !== undefined && <><dt>{t("order")}</dt><dd>{appointment.basedOn.map((one) => one.display).filter(Boolean).join(", ")}</dd></>}
        {reasonOf(appointment) !== "" && <><dt>{t("reason")}</dt><dd>{reasonOf(appointment)}</dd></>}
        {appointment.comment !== undefined && <><dt>{t("comment")}</dt><dd style={{ whiteSpace: "pre-wrap" }}>{appointment.comment}</dd></>}
        {appointment.patientInstruction !== undefined && <><dt>{t("instruction")}</dt><dd>{appointment.patientInstruction}</dd></>}
        <dt>{t("state")}</dt>
        <dd>
          <StatusWord appointment={appointment} />{isSeries(appointment) && <Text size="sm">{t("partOfSeries")}</Text>}
          {appointment.cancelationReason !== undefined && <Text size="sm">{appointment.cancelationReason.text ?? appointment.cancelationReason.coding?.[0]?.display ?? appointment.cancelationReason.coding?.[0]?.code}</Text>}
        </dd>
        {seesReminders && appointment.status !== "cancelled" && <><dt>{t("reminder")}</dt><dd><ReminderWord appointment={appointment} patient={patient.data} sent={reminders.data ?? []} isUnreachable={isUnreachable} /></dd></>}
      </dl>
      {ends !== undefined && <Alert color="yellow">{t(isOffer(appointment) ? "offeredUntil" : "heldUntil", { at: timeOf(shown(ends)) })}</Alert>}
      {mayChange && (
        <Stack gap="xs">
          <Group gap="xs">
            {nextStatuses(appointment, new Date()).map((to) => {
              const Icon = ICONS[to];
              return <Button key={to} variant={to === "arrived" ? "filled" : "default"} disabled={status.isBusy} leftSection={<Icon size={18} aria-hidden />} onClick={() => status.set(appointment, to)}>{t(`set.${to}`)}</Button>;
            })}
          </Group>
          <Group gap="xs">
            {canMove && <Button variant="default" leftSection={<IconArrowsMove size={18} aria-hidden />} onClick={() => onMove(appointment)}>{t("moveDots")}</Button>}
            {isOpen && appointment.status !== "arrived" && <Button variant="default" leftSection={<IconX size={18} aria-hidden />} onClick={() => setCancelling(true)}>{t("cancelDots")}</Button>}
          </Group>
          {canMove && <Text size="sm" c="dimmed">{t("moveKey")}</Text>}
        </Stack>
      )}
      {patientId !== undefined && patient.data !== undefined && <Anchor href={`/apps/chart/patients/${patientId}`}>{t("openChart")}</Anchor>}
      <Suspense>
        {isCancelling && <CancelDialog appointment={appointment} name={nameOf(appointment)} onClose={(isDone) => { setCancelling(false); if (isDone) onClose(); }} />}
      </Suspense>
    </Stack>
  );
}
