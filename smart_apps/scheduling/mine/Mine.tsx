import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconCalendarDown, IconCalendarPlus } from "@tabler/icons-react";
import type { Appointment } from "fhir/r4";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { idIn, resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { dayOf, timeOf, weekdayName } from "../../shared/format/zone.ts";
import { failed } from "../../shared/forms/saving.ts";
import { day } from "../../shared/format/dates.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { StatusWord } from "../calendar/look.tsx";
import { others, serviceOf } from "../model/appointments.ts";
import { everything } from "../model/asking.ts";

const CancelOwn = part(() => import("./CancelOwn.tsx"));
const NO_LABELS = new Map<string, string>();
const OPEN = ["pending", "booked", "arrived", "checked-in", "waitlist"];

/** A patient's own appointments: those to come, and those that were. */
export default function Mine() {
  const { t } = useTexts();
  const { session } = useSmart();
  const id = idIn(session.grant.fhirUser, "Patient");
  const query = useAsk(["Appointment"], id === undefined ? undefined : ["mine", id], (fhir) => everything(fhir, "Appointment", { patient: id, _sort: "-date", _count: 100 }));
  return (
    <Stack maw={720} mx="auto" gap="md">
      <Group justify="space-between">
        <Title order={1}>{t("myAppointments")}</Title>
        <Button component={Link} href="/book" leftSection={<IconCalendarPlus size={18} aria-hidden />}>{t("bookNew")}</Button>
      </Group>
      <Loaded query={query} lines={6}>{(bundle) => <List appointments={resourcesOf<Stored<Appointment>>(bundle, "Appointment")} />}</Loaded>
    </Stack>
  );
}

function List({ appointments }: { appointments: Stored<Appointment>[] }) {
  const { t } = useTexts();
  const { fhir, session } = useSmart();
  const reason = useReason();
  const { isElsewhere, zone } = useZone();
  const [cancelling, setCancelling] = useState<Stored<Appointment>>();
  const [now] = useState(() => Date.now());
  const isAhead = (one: Appointment) => OPEN.includes(one.status) && (one.end === undefined || Date.parse(one.end) > now);
  const ahead = appointments.filter(isAhead).sort((a, b) => (a.start === undefined ? Infinity : Date.parse(a.start)) - (b.start === undefined ? Infinity : Date.parse(b.start)));
  const before = appointments.filter((one) => !isAhead(one));
  const save = async () => {
    try {
      const file = await fhir.bytes(`${session.grant.fhirUser ?? ""}/$ical`, "text/calendar");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = "appointments.ics";
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      failed(reason(error), t("failedTitle"));
    }
  };
  return (
    <>
      {isElsewhere && <Text size="sm" c="dimmed">{t("clinicTime", { zone })}</Text>}
      <Title order={2}>{t("ahead")}</Title>
      {ahead.length === 0 ? <Empty title={t("noneAhead")}><Button component={Link} href="/book" variant="default">{t("bookNew")}</Button></Empty> : (
        <>
          <Stack gap="xs" component="ul" style={{ listStyle: "none", margin: 0, padding: 0 }}>
            {ahead.map((one) => <li key={one.id}><One appointment={one} onCancel={one.status === "booked" || one.status === "pending" ? () => setCancelling(one) : undefined} /></li>)}
          </Stack>
          <Group><Button variant="default" leftSection={<IconCalendarDown size={18} aria-hidden />} onClick={() => void save()}>{t("toMyCalendar")}</Button></Group>
        </>
      )}
      {before.length > 0 && (
        <details>
          <summary style={{ minHeight: 44, cursor: "pointer", fontWeight: 600 }}>{t("earlier", { n: before.length })}</summary>
          <Stack gap="xs" mt="xs" component="ul" style={{ listStyle: "none", margin: 0, padding: 0 }}>{before.map((one) => <li key={one.id}><One appointment={one} /></li>)}</Stack>
        </details>
      )}
      <Suspense>{cancelling !== undefined && <CancelOwn appointment={cancelling} onClose={() => setCancelling(undefined)} />}</Suspense>
    </>
  );
}

function One({ appointment, onCancel }: { appointment: Stored<Appointment>; onCancel?: () => void }) {
  const { t, language } = useTexts();
  const { shown } = useZone();
  const at = shown(appointment.start);
  return (
    <Card padding="sm">
      <Group justify="space-between" align="flex-start">
        <div>
          <Text fw={600}>{at === "" ? t("noTime") : `${weekdayName(dayOf(at), language, "long")} ${day(dayOf(at))}, ${timeOf(at)}–${timeOf(shown(appointment.end))}`}</Text>
          <Text size="sm">{[serviceOf(appointment), ...others(appointment, NO_LABELS)].filter(Boolean).join(" · ")}</Text>
          {appointment.patientInstruction !== undefined && <Text size="sm">{appointment.patientInstruction}</Text>}
          <Text size="sm"><StatusWord appointment={appointment} /></Text>
        </div>
        {onCancel !== undefined && (
          <Group gap="xs">
            {appointment.status === "booked" && <Button size="sm" variant="default" component={Link} href={`/book?move=${appointment.id}`}>{t("moveDots")}</Button>}
            <Button size="sm" variant="default" onClick={onCancel}>{t("cancelDots")}</Button>
          </Group>
        )}
      </Group>
    </Card>
  );
}
