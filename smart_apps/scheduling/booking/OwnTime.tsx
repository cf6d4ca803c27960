import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { Appointment, Patient } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { instantOf, timeOf, written } from "../../shared/format/zone.ts";
import { told } from "../../shared/forms/saving.ts";
import { day as dayText } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import type { Row } from "../model/rows.ts";

const NAMES = "urn:ietf:rfc:3986";

/**
 * A time outside of the hours, or a second appointment at one time: with a reason, and if the server lets it. The server
 * decides under locks whether somebody is double-booked (FHIRSERVER_APPOINTMENT_RULES).
 */
export function OwnTime({ patient, rows, day, at, length, reason, comment, onDone }: {
  patient: Patient | undefined;
  rows: readonly Row[];
  day: string;
  at: string | undefined;
  length: number;
  reason: string;
  comment: string;
  onDone: () => void;
}) {
  const { t } = useTexts();
  const { zone } = useZone();
  const [date, setDate] = useState(day);
  const [clock, setClock] = useState(at === undefined ? "" : timeOf(at));
  const [why, setWhy] = useState("");
  const [isTried, setTried] = useState(false);
  const [once] = useState(() => `urn:uuid:${crypto.randomUUID()}`);
  const name = formalName(patient?.name) || t("noName");
  const make = useChange<Appointment, Stored<Appointment>>(["Appointment", "Slot"], (fhir, resource) => fhir.create(resource, `identifier=${NAMES}|${once}`));
  const save = () => {
    setTried(true);
    if (patient === undefined || rows.length === 0 || date === "" || clock === "" || why.trim() === "") return;
    const start = instantOf(`${date} ${clock}`, zone);
    const end = new Date(start.getTime() + length * 60_000);
    make.mutate({
      resourceType: "Appointment",
      identifier: [{ system: NAMES, value: once }],
      status: "booked",
      start: written(start),
      end: written(end),
      minutesDuration: length,
      ...(reason.trim() === "" ? {} : { reasonCode: [{ text: reason.trim() }] }),
      comment: [t("ownTimeNote", { why: why.trim() }), comment.trim()].filter(Boolean).join("\n"),
      participant: [
        { actor: { reference: `Patient/${patient.id ?? ""}`, display: name }, required: "required", status: "accepted" },
        ...rows.map((row) => ({ actor: { reference: row.ref, display: row.label }, required: "required" as const, status: "accepted" as const })),
      ],
    }, { onSuccess: () => { told(t("booked", { name, at: `${dayText(date)} ${clock}`, n: 1 })); onDone(); } });
  };
  return (
    <Stack mt="xs" gap="xs">
      <Text size="sm">{t("ownTimeText")}</Text>
      <Group grow preventGrowOverflow={false} align="flex-start">
        <TextInput type="date" label={t("day")} withAsterisk value={date} onChange={(event) => setDate(event.currentTarget.value)} error={isTried && date === "" ? t("required") : undefined} />
        <TextInput type="time" label={t("begins")} withAsterisk value={clock} onChange={(event) => setClock(event.currentTarget.value)} error={isTried && clock === "" ? t("required") : undefined} />
      </Group>
      <TextInput label={t("ownTimeWhy")} withAsterisk value={why} onChange={(event) => setWhy(event.currentTarget.value)} error={isTried && why.trim() === "" ? t("required") : undefined} maxLength={200} />
      {isTried && patient === undefined && <Alert color="yellow" role="alert">{t("choosePatient")}</Alert>}
      {isTried && rows.length === 0 && <Alert color="yellow" role="alert">{t("chooseWho")}</Alert>}
      {make.isError && <Failed title={t("notBooked")} error={make.error instanceof FhirError && make.error.status === 409 ? new Error(t("noOverbooking")) : make.error} />}
      <Group justify="flex-end"><Button type="button" variant="default" loading={make.isPending} onClick={save}>{t("bookOwnTime", { n: length })}</Button></Group>
    </Stack>
  );
}
