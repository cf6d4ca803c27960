import { Anchor, Button, Card, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { IconCalendarPlus } from "@tabler/icons-react";
import type { Appointment, Communication, Patient } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange, useSearch } from "../../shared/fhir/queries.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { day, moment } from "../../shared/format/dates.ts";
import { plainName } from "../../shared/format/people.ts";
import { momentOf } from "../../shared/format/zone.ts";
import { told } from "../../shared/forms/saving.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";

/** What is next: appointments, messages, and the ways to the rest. */
export default function Overview({ patient }: { patient: Stored<Patient> }) {
  const { t } = useTexts();
  return (
    <Stack maw={720} mx="auto" gap="lg">
      <div>
        <Title order={1}>{plainName(patient.name)}</Title>
        <Text c="dimmed">{t("born")} {day(patient.birthDate)}</Text>
      </div>
      <Appointments patient={patient.id} />
      <Messages patient={patient.id} />
      <Card>
        <Stack gap="xs">
          <Anchor component={Link} href="/results">{t("toResults")}</Anchor>
          <Anchor component={Link} href="/seen">{t("toSeen")}</Anchor>
          <Anchor component={Link} href="/download">{t("toDownload")}</Anchor>
        </Stack>
      </Card>
    </Stack>
  );
}

function Appointments({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { config } = useSmart();
  const { zone, isElsewhere, shown } = useZone();
  const [now] = useState(() => Date.now());
  const today = new Date(now - 86_400_000).toISOString().slice(0, 10);
  const query = useSearch<Appointment>("Appointment", { patient, date: `ge${today}`, status: "pending,booked,arrived,checked-in,waitlist", _sort: "date", _count: 50 });
  const [cancelling, setCancelling] = useState<Stored<Appointment>>();
  const hasApp = config.apps.some((app) => app.name === "scheduling");
  return (
    <section aria-label={t("appointments")}>
      <Group justify="space-between" mb="xs">
        <Title order={2}>{t("appointments")}</Title>
        {hasApp && <Button component="a" href="/apps/scheduling/book" variant="default" leftSection={<IconCalendarPlus size={18} aria-hidden />}>{t("book")}</Button>}
      </Group>
      <Loaded query={query} lines={3}>
        {(bundle) => {
          const all = resourcesOf<Stored<Appointment>>(bundle, "Appointment").filter((one) => !isOver(one, now));
          if (all.length === 0) return <Text>{t("noAppointments")}</Text>;
          return (
            <Stack gap="xs">
              {all.map((one) => (
                <Card key={one.id} padding="sm">
                  <Group justify="space-between" align="flex-start">
                    <div>
                      <Text fw={600}>{momentOf(shown(one.start)) || t("noTime")}</Text>
                      <Text size="sm">{one.participant.filter((who) => who.actor?.reference !== `Patient/${patient}`).map((who) => who.actor?.display).filter(Boolean).join(" · ")}</Text>
                      <Text size="sm">{t(`appointment.${one.status}`)}</Text>
                    </div>
                    {(one.status === "booked" || one.status === "pending") && isToCome(one, now) && <Button variant="default" onClick={() => setCancelling(one)}>{t("cancelDots")}</Button>}
                  </Group>
                </Card>
              ))}
            </Stack>
          );
        }}
      </Loaded>
      {isElsewhere && <Text size="sm" c="dimmed" mt="xs">{t("clinicTime", { zone })}</Text>}
      {hasApp && <Text size="sm" mt="xs"><Anchor href="/apps/scheduling/">{t("allAppointments")}</Anchor></Text>}
      {cancelling !== undefined && <Cancel appointment={cancelling} onClose={() => setCancelling(undefined)} />}
    </section>
  );
}

/** Whether it has ended, and nobody has said that the patient is there. */
function isOver(one: Appointment, now: number): boolean {
  const end = one.end ?? one.start;
  return one.status !== "arrived" && one.status !== "checked-in" && end !== undefined && Date.parse(end) < now;
}

/** Whether there is something left to cancel. */
function isToCome(one: Appointment, now: number): boolean {
  return one.start === undefined || Date.parse(one.start) > now;
}

function Cancel({ appointment, onClose }: { appointment: Stored<Appointment>; onClose: () => void }) {
  const { t } = useTexts();
  const at = momentOf(useZone().shown(appointment.start));
  const change = useChange<undefined, unknown>(["Appointment"], (fhir) => fhir.operation(`Appointment/${appointment.id}/$cancel`, {
    resourceType: "Parameters",
    parameter: [{ name: "reason", valueCodeableConcept: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", code: "pat", display: "Patient" }] } }],
  }, appointment.meta?.versionId));
  return (
    <Modal opened onClose={onClose} title={t("cancelTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{t("cancelText", { at })}</Text>
        {change.isError && <Failed title={t("notSaved")} error={change.error instanceof FhirError && change.error.isConflict ? new Error(t("changedMeanwhile")) : change.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("keepIt")}</Button>
          <Button color="red" loading={change.isPending} onClick={() => change.mutate(undefined, { onSuccess: () => { told(t("cancelled", { at })); onClose(); } })}>{t("cancelIt")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Messages({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { query, all } = usePages<Communication>("Communication", { subject: `Patient/${patient}`, _sort: "-sent", _count: 5 });
  return (
    <section aria-label={t("messages")}>
      <Title order={2} mb="xs">{t("messages")}</Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.isSuccess && all.length === 0 && <Text>{t("noMessages")}</Text>}
      <Stack gap="xs">
        {all.map((one) => (
          <Card key={one.id} padding="sm">
            <Text size="sm" c="dimmed">{[one.sender?.display, moment(one.sent)].filter(Boolean).join(" · ")}</Text>
            {one.payload?.map((part, n) => part.contentString !== undefined && <Text key={n} style={{ whiteSpace: "pre-wrap" }}>{part.contentString}</Text>)}
          </Card>
        ))}
      </Stack>
      {query.hasNextPage && <Button mt="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
    </section>
  );
}
