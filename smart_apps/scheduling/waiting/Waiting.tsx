import { Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconHourglass, IconPlus } from "@tabler/icons-react";
import type { Appointment, Patient } from "fhir/r4";
import { Suspense, useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { dayOf, timeOf, weekdayName } from "../../shared/format/zone.ts";
import { told } from "../../shared/forms/saving.ts";
import { day } from "../../shared/format/dates.ts";
import { recordNumber } from "../../shared/format/people.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { current, holdEnds, isOffer, others, patientIdOf, patientName, patientsIn, reasonOf, serviceOf } from "../model/appointments.ts";
import { book, cancel, everything } from "../model/asking.ts";
import { useLabels, useRows } from "../model/data.ts";
import type { Row, Service } from "../model/rows.ts";
import { sorted, wishedRows } from "./order.ts";

const BookDialog = part(() => import("../booking/BookDialog.tsx"));
const CancelDialog = part(() => import("../calendar/CancelDialog.tsx"));
const WaitingForm = part(() => import("./WaitingForm.tsx"));

/** Who waits for a time: the first by priority and by how long they wait; and to whom one is offered. */
export default function Waiting() {
  const { t } = useTexts();
  const rows = useRows();
  const query = useAsk(["Appointment"], ["waiting"], (fhir) => everything(fhir, "Appointment", { status: "waitlist,pending", _include: "Appointment:patient", _count: 200 }));
  return (
    <Loaded query={rows} lines={6}>
      {(known) => (
        <Loaded query={query} lines={6}>
          {(bundle) => (
            <>
              {!bundle.isWhole && <Text role="status">{t("tooManyAppointments")}</Text>}
              <List appointments={resourcesOf<Stored<Appointment>>(bundle, "Appointment")} patients={patientsIn(bundle)} rows={known.rows} services={known.services} />
            </>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

function List({ appointments, patients, rows, services }: { appointments: Stored<Appointment>[]; patients: Map<string, Patient>; rows: Row[]; services: Service[] }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { shown } = useZone();
  const labels = useLabels(rows);
  const [booking, setBooking] = useState<Stored<Appointment>>();
  const [removing, setRemoving] = useState<Stored<Appointment>>();
  const [editing, setEditing] = useState<Stored<Appointment> | "new">();
  const waiting = sorted((current(appointments, new Date()) as Stored<Appointment>[]).filter((one) => one.status === "waitlist" || isOffer(one)));
  const mayChange = session.allows("Appointment", "u");
  const nameOf = (one: Appointment) => patientName(one, patients) || t("noName");
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <div>
          <Title order={1}>{t("waitingList")}</Title>
          <Text size="sm" c="dimmed">{t("waitingLead")}</Text>
        </div>
        {session.allows("Appointment", "c") && <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setEditing("new")}>{t("addWaiting")}</Button>}
      </Group>
      {waiting.length === 0 ? <Empty title={t("nobodyWaits")} /> : (
        <Table className="fs-cards" bg="var(--mantine-color-body)">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("patient")}</Table.Th>
              <Table.Th scope="col">{t("waitsFor")}</Table.Th>
              <Table.Th scope="col">{t("wishes")}</Table.Th>
              <Table.Th scope="col">{t("priority")}</Table.Th>
              <Table.Th scope="col">{t("since")}</Table.Th>
              <Table.Th scope="col">{t("state")}</Table.Th>
              <Table.Th scope="col"><span className="fs-hidden">{t("actions")}</span></Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {waiting.map((one) => {
              const patient = patients.get(patientIdOf(one) ?? "");
              const period = one.requestedPeriod?.[0];
              return (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <Text fw={600} size="sm">{nameOf(one)}</Text>
                    {patient !== undefined && <Text size="sm" c="dimmed">{[`${t("born")} ${patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}`, recordNumber(patient.identifier)].filter(Boolean).join(" · ")}</Text>}
                  </Table.Td>
                  <Table.Td data-label={t("waitsFor")}>{[...others(one, labels), serviceOf(one)].filter(Boolean).join(" · ") || t("anybody")}<Text size="sm" c="dimmed">{reasonOf(one)}</Text></Table.Td>
                  <Table.Td data-label={t("wishes")}>
                    {[period === undefined ? undefined : `${day(dayOf(shown(period.start)))} – ${period.end === undefined ? "" : day(dayOf(shown(period.end)))}`, one.minutesDuration === undefined ? undefined : t("minutes", { n: one.minutesDuration })].filter(Boolean).join(", ") || t("anyTime")}
                  </Table.Td>
                  <Table.Td data-label={t("priority")}>{t(`priorityIs.${one.priority === undefined || one.priority === 0 ? "none" : one.priority <= 2 ? "high" : one.priority <= 5 ? "usual" : "low"}`)}</Table.Td>
                  <Table.Td data-label={t("since")} style={{ whiteSpace: "nowrap" }}>{day(one.created ?? one.meta?.lastUpdated)}</Table.Td>
                  <Table.Td data-label={t("state")} style={{ whiteSpace: "nowrap" }}><State appointment={one} /></Table.Td>
                  <Table.Td>
                    {mayChange && (
                      <Group gap="xs" justify="flex-end">
                        {isOffer(one)
                          ? <Offer appointment={one} name={nameOf(one)} />
                          : <Button size="xs" onClick={() => setBooking(one)}>{t("findTime")}</Button>}
                        {one.status === "waitlist" && <Button size="xs" variant="default" onClick={() => setEditing(one)}>{t("change")}</Button>}
                        {one.status === "waitlist" && <Button size="xs" variant="default" onClick={() => setRemoving(one)}>{t("remove")}</Button>}
                      </Group>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
      <Suspense>
        {booking !== undefined && <BookDialog start={{ rows: wishedRows(booking, rows), day: startOf(booking), waiting: booking }} rows={rows} services={services} onClose={() => setBooking(undefined)} />}
        {removing !== undefined && <CancelDialog appointment={removing} name={nameOf(removing)} isWaiting onClose={() => setRemoving(undefined)} />}
        {editing !== undefined && <WaitingForm appointment={editing === "new" ? undefined : editing} patients={patients} rows={rows} onClose={() => setEditing(undefined)} />}
      </Suspense>
    </Stack>
  );

  function startOf(one: Appointment): string {
    const today = dayOf(shown(new Date()));
    const wished = dayOf(shown(one.requestedPeriod?.[0]?.start));
    return wished > today ? wished : today;
  }
}

function State({ appointment }: { appointment: Stored<Appointment> }) {
  const { t, language } = useTexts();
  const { shown } = useZone();
  if (!isOffer(appointment)) return <><IconHourglass size={15} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("status.waitlist")}</>;
  const at = shown(appointment.start);
  const ends = shown(holdEnds(appointment));
  return (
    <Text size="sm" fw={600} style={{ color: "var(--fs-warning)" }}>
      {t("offered", { at: `${weekdayName(dayOf(at), language)} ${day(dayOf(at))} ${timeOf(at)}`, ends: `${day(dayOf(ends))} ${timeOf(ends)}` })}
    </Text>
  );
}

/** A time is held for them: they take it, or don't. */
function Offer({ appointment, name }: { appointment: Stored<Appointment>; name: string }) {
  const { t } = useTexts();
  const take = useChange<undefined, unknown>(["Appointment", "Slot", "Task"], (fhir) => book(fhir, appointment, {}));
  const decline = useChange<undefined, unknown>(["Appointment", "Slot", "Task"], (fhir) => cancel(fhir, appointment, { keepWaiting: true }));
  const error = take.error ?? decline.error;
  return (
    <>
      <Button size="xs" loading={take.isPending} onClick={() => take.mutate(undefined, { onSuccess: () => told(t("offerTaken", { name })) })}>{t("takesIt")}</Button>
      <Button size="xs" variant="default" loading={decline.isPending} onClick={() => decline.mutate(undefined, { onSuccess: () => told(t("offerDeclined", { name })) })}>{t("declines")}</Button>
      {error !== null && <Failed title={t("notSaved")} error={error instanceof FhirError && error.isConflict ? new Error(t("changedMeanwhile")) : error} />}
    </>
  );
}
