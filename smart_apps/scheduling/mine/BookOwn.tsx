import { Anchor, Button, Card, Group, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import type { Appointment, Patient } from "fhir/r4";
import { useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";

import { idIn } from "../../shared/fhir/bundle.ts";
import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange, useRead } from "../../shared/fhir/queries.ts";
import { dayOf, instantOf, timeOf, weekdayName } from "../../shared/format/zone.ts";
import { told } from "../../shared/forms/saving.ts";
import { day as dayText } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Times } from "../booking/Times.tsx";
import { useHold } from "../booking/useHold.ts";
import { patientRef, refOf } from "../model/appointments.ts";
import { book, reschedule } from "../model/asking.ts";
import { useRows } from "../model/data.ts";
import type { Row, Service } from "../model/rows.ts";

/** A patient books, or moves, an appointment of their own: what for, when, done. */
export default function BookOwn() {
  const { t } = useTexts();
  const rows = useRows();
  return (
    <Stack maw={720} mx="auto" gap="md">
      <Loaded query={rows} lines={6}>{(data) => <Form services={data.services} people={data.rows.filter((row) => row.kind === "person")} />}</Loaded>
      <Text size="sm"><Anchor component={Link} href="/">{t("toMine")}</Anchor></Text>
    </Stack>
  );
}

function Form({ services, people }: { services: Service[]; people: Row[] }) {
  const { t, language } = useTexts();
  const { session } = useSmart();
  const { zone, isElsewhere, shown } = useZone();
  const [, go] = useLocation();
  const [query] = useSearchParams();
  const movedId = query.get("move") ?? undefined;
  const moved = useRead<Appointment>("Appointment", movedId);
  const id = idIn(session.grant.fhirUser, "Patient");
  const patient = useRead<Patient>("Patient", id);
  const today = dayOf(shown(new Date()));
  const [service, setService] = useState<string | null>(null);
  const [who, setWho] = useState<string | null>(null);
  const [from, setFrom] = useState(today);
  const [reason, setReason] = useState("");
  const [proposal, setProposal] = useState<Appointment>();
  const hold = useHold();
  const display = formalName(patient.data?.name);

  // Whom the appointment is with stays when it is moved.
  const withNow = moved.data?.participant.map(refOf).find((ref) => people.some((row) => row.ref === ref));
  const chosen = services.find((one) => one.ref === service);
  const open = chosen === undefined ? [] : people.filter((row) => row.schedules.some((one) => chosen.schedules.includes(one)));
  const person = people.find((row) => row.ref === (movedId === undefined ? who : withNow));
  const schedules = movedId !== undefined ? (person?.schedules ?? []) : person !== undefined && chosen !== undefined
    ? person.schedules.filter((one) => chosen.schedules.includes(one)) : (chosen?.schedules ?? []);

  const make = useChange<Stored<Appointment>, Stored<Appointment>[]>(["Appointment", "Slot"], (fhir, held) =>
    book(fhir, held, reason.trim() === "" ? {} : { reasonCode: [{ text: reason.trim() }] }));
  const move = useChange<{ of: Stored<Appointment>; to: Appointment }, Stored<Appointment>>(["Appointment", "Slot"], (fhir, { of, to }) =>
    reschedule(fhir, of, to.slot?.map((slot) => slot.reference ?? "") ?? []));
  const finish = (at: string) => {
    told(t(movedId === undefined ? "bookedOwn" : "movedOwn", { at: `${dayText(dayOf(at))} ${timeOf(at)}` }));
    go("/");
  };
  const choose = (one: Appointment) => {
    if (movedId !== undefined) {
      setProposal(one);
      return;
    }
    hold.choose({ ...one, participant: [{ actor: { reference: `Patient/${id ?? ""}`, display }, required: "required", status: "accepted" }, ...one.participant] });
  };
  const picked = movedId === undefined ? hold.held : proposal;
  const at = shown(picked?.start);
  const error = make.error ?? move.error ?? (hold.held === undefined ? hold.error : null);
  if (services.length === 0 && movedId === undefined) return <Empty title={t("nothingBookable")}>{t("nothingBookableHint")}</Empty>;
  const old = shown(moved.data?.start);
  return (
    <>
      <Title order={1}>{t(movedId === undefined ? "bookNew" : "moveOwn")}</Title>
      {isElsewhere && <Text size="sm" c="dimmed">{t("clinicTime", { zone })}</Text>}
      {movedId !== undefined && <Loaded query={moved}>{() => <Text>{t("movesFrom", { at: `${dayText(dayOf(old))} ${timeOf(old)}` })}</Text>}</Loaded>}
      {movedId === undefined && (
        <>
          <Select label={t("whatFor")} withAsterisk value={service} disabled={hold.held !== undefined} onChange={(value) => { setService(value); setWho(null); }} data={services.map((one) => ({ value: one.ref, label: one.label }))} allowDeselect={false} />
          {open.length > 1 && <Select label={t("withWhom")} clearable clearButtonProps={{ "aria-label": t("anybody") }} placeholder={t("anybody")} value={who} disabled={hold.held !== undefined} onChange={setWho} data={open.map((row) => ({ value: row.ref, label: row.label }))} />}
        </>
      )}
      {schedules.length > 0 && picked === undefined && (
        <>
          <TextInput type="date" label={t("fromDay")} value={from} min={today} onChange={(event) => { if (event.currentTarget.value !== "") setFrom(event.currentTarget.value); }} />
          <Times schedules={schedules} together={[]} length={undefined} from={instantOf(from, zone)} isTaking={hold.isTaking} onChoose={choose} withNames={person === undefined} />
        </>
      )}
      {movedId !== undefined && moved.data !== undefined && schedules.length === 0 && <Empty title={t("cantMoveOwn")} />}
      {picked !== undefined && (
        <Card>
          <Stack gap="sm">
            <Text fw={600} fz="lg">{weekdayName(dayOf(at), language, "long")} {dayText(dayOf(at))}, {timeOf(at)}–{timeOf(shown(picked.end))}</Text>
            <Text>{[chosen?.label, ...picked.participant.filter((one) => refOf(one) !== patientRef(picked) && !refOf(one).startsWith("HealthcareService/")).map((one) => one.actor?.display)].filter(Boolean).join(" · ")}</Text>
            {movedId === undefined && <Text size="sm" role="status" c={hold.isOver ? undefined : "dimmed"} style={hold.isOver ? { color: "var(--fs-warning)" } : undefined}>{hold.isOver ? t("holdOver") : t("heldUntil", { at: timeOf(shown(hold.ends)) })}</Text>}
            {movedId === undefined && <TextInput label={t("ownReason")} description={t("optional")} value={reason} maxLength={200} onChange={(event) => setReason(event.currentTarget.value)} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={() => { hold.giveBack(); setProposal(undefined); }}>{t("otherTime")}</Button>
              <Button loading={make.isPending || move.isPending} disabled={movedId === undefined && hold.isOver} onClick={save}>{t(movedId === undefined ? "bookIt" : "moveIt")}</Button>
            </Group>
          </Stack>
        </Card>
      )}
      {error !== null && <Failed title={t("notBooked")} error={error instanceof FhirError && error.isConflict ? new Error(t("timeGone")) : error} />}
    </>
  );

  function save() {
    if (movedId !== undefined) {
      if (moved.data === undefined || proposal === undefined) return;
      move.mutate({ of: moved.data, to: proposal }, { onSuccess: (made) => finish(shown(made.start)), onError: () => setProposal(undefined) });
      return;
    }
    if (hold.held === undefined) return;
    make.mutate(hold.held, { onSuccess: (done) => { hold.done(); finish(shown(done[0]?.start)); } });
  }
}
