import { Badge, Group, Table, Text } from "@mantine/core";
import { IconRepeat } from "@tabler/icons-react";
import type { Appointment, Communication, Patient } from "fhir/r4";

import type { Stored } from "../../shared/fhir/client.ts";
import { timeOf } from "../../shared/format/zone.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { day as dayText } from "../../shared/format/dates.ts";
import { recordNumber } from "../../shared/format/people.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { comers, isSeries, others, patientIdOf, patientName, reasonOf, serviceOf } from "../model/appointments.ts";
import { useReminders, useTasks } from "../model/data.ts";
import type { Row } from "../model/rows.ts";
import { ReminderWord } from "./ReminderWord.tsx";
import { StatusWord } from "./look.tsx";
import classes from "./list.module.css";

/** The day as a list for each person, room and device: on a phone, and on paper. */
export default function DayList({ rows, appointments, patients, labels, day, onOpen }: {
  rows: readonly Row[];
  appointments: readonly Stored<Appointment>[];
  patients: ReadonlyMap<string, Patient>;
  labels: ReadonlyMap<string, string>;
  day: string;
  onOpen: (id: string) => void;
}) {
  const { t } = useTexts();
  const { shown } = useZone();
  // Only the reception sees what was sent to patients.
  const seesReminders = useMe()?.roles.includes("reception") === true;
  const ids = [...new Set(appointments.map(patientIdOf).filter((id): id is string => id !== undefined))].sort();
  const reminders = useReminders(seesReminders && ids.length > 0 ? ids : undefined);
  const tasks = useTasks(seesReminders);
  return (
    <div className={classes.lists}>
      {rows.map((row) => {
        const of = appointments.filter((one) => comers(one).includes(row.ref)).sort((a, b) => Date.parse(a.start ?? "") - Date.parse(b.start ?? ""));
        return (
          <section key={row.ref} className={classes.list} aria-labelledby={`row-${row.ref}`}>
            <Group gap="xs" mb={4} align="baseline">
              <Text component="h2" id={`row-${row.ref}`} fw={600} m={0}>{row.label}</Text>
              <Text size="sm" c="dimmed">{t("nAppointments", { n: of.length })}</Text>
              <Text size="sm" className={classes.paper}>{dayText(day)}</Text>
            </Group>
            {of.length > 0 && (
              <Table className={`fs-cards ${classes.table ?? ""}`}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">{t("timeOfDay")}</Table.Th>
                    <Table.Th scope="col">{t("patient")}</Table.Th>
                    <Table.Th scope="col">{t("what")}</Table.Th>
                    <Table.Th scope="col">{t("state")}</Table.Th>
                    {seesReminders && <Table.Th scope="col">{t("reminder")}</Table.Th>}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {of.map((one) => (
                    <Line
                      key={one.id} appointment={one} patient={patients.get(patientIdOf(one) ?? "")} name={patientName(one, patients) || t("noName")}
                      time={`${timeOf(shown(one.start))}–${timeOf(shown(one.end))}`} withWhom={others(one, labels).filter((label) => label !== row.label)}
                      reminders={seesReminders ? reminders.data ?? [] : undefined} isUnreachable={isUnreachable(one, tasks.data)} onOpen={onOpen}
                    />
                  ))}
                </Table.Tbody>
              </Table>
            )}
          </section>
        );
      })}
    </div>
  );
}

function isUnreachable(appointment: Stored<Appointment>, tasks: ReturnType<typeof useTasks>["data"]): boolean {
  return tasks?.entry?.some(({ resource }) => resource?.focus?.reference === `Appointment/${appointment.id}` && resource.code?.coding?.some((coding) => coding.code === "unreachable-for-reminder")) === true;
}

function Line({ appointment, patient, name, time, withWhom, reminders, isUnreachable, onOpen }: {
  appointment: Stored<Appointment>;
  patient: Patient | undefined;
  name: string;
  time: string;
  withWhom: string[];
  reminders: Communication[] | undefined;
  isUnreachable: boolean;
  onOpen: (id: string) => void;
}) {
  const { t } = useTexts();
  const known = [
    patient === undefined ? undefined : `${t("born")} ${patient.birthDate === undefined ? t("notKnown") : dayText(patient.birthDate)}`,
    recordNumber(patient?.identifier),
  ].filter(Boolean);
  return (
    <Table.Tr>
      <Table.Td data-label={t("timeOfDay")} className="fs-value">{time}</Table.Td>
      <Table.Td>
        <button type="button" className={`fs-plain ${classes.open ?? ""}`} onClick={() => onOpen(appointment.id)}>{name}</button>
        {known.length > 0 && <Text size="sm" c="dimmed">{known.join(" · ")}</Text>}
      </Table.Td>
      <Table.Td>
        {serviceOf(appointment)}
        {isSeries(appointment) && <Badge ml={6} size="sm" variant="default" leftSection={<IconRepeat size={12} aria-hidden />}>{t("series")}</Badge>}
        <Text size="sm" c="dimmed">{[reasonOf(appointment), ...withWhom].filter(Boolean).join(" · ")}</Text>
      </Table.Td>
      <Table.Td><StatusWord appointment={appointment} /></Table.Td>
      {reminders !== undefined && <Table.Td data-label={t("reminder")}><ReminderWord appointment={appointment} patient={patient} sent={reminders} isUnreachable={isUnreachable} /></Table.Td>}
    </Table.Tr>
  );
}
