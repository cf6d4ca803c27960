import { Button, Collapse, Group, Modal, MultiSelect, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Appointment, Patient, ServiceRequest } from "fhir/r4";
import { useState } from "react";

import { idIn } from "../../shared/fhir/bundle.ts";
import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange, useRead } from "../../shared/fhir/queries.ts";
import { dayOf, instantOf, timeOf, weekdayName } from "../../shared/format/zone.ts";
import { told } from "../../shared/forms/saving.ts";
import { words } from "../../shared/format/codes.ts";
import { day as dayText } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { patientIdOf, reasonOf, refOf } from "../model/appointments.ts";
import { book, repeat } from "../model/asking.ts";
import type { Row, Service } from "../model/rows.ts";
import { FindPatient } from "./FindPatient.tsx";
import { OwnTime } from "./OwnTime.tsx";
import { Times } from "./Times.tsx";
import { useHold } from "./useHold.ts";
import classes from "./booking.module.css";

export interface BookingStart {
  rows: Row[];
  /** From which day on times are shown, and the time that was pointed at. */
  day: string;
  at?: string;
  /** Of the waiting list. */
  waiting?: Stored<Appointment>;
  /** The order that is carried out then. */
  order?: Stored<ServiceRequest>;
}

const EVERY = ["none", "week", "week2", "week4", "month", "workday"] as const;

/** Books: whom, with whom and what, when, why, and how often. The time that is looked at is held meanwhile. */
export default function BookDialog({ start, rows, services, onClose }: { start: BookingStart; rows: readonly Row[]; services: readonly Service[]; onClose: () => void }) {
  const { t, language } = useTexts();
  const { session } = useSmart();
  const { zone, shown } = useZone();
  const isPhone = useMediaQuery("(max-width: 47.99em)");
  const { waiting, order } = start;
  const given = session.grant.patient ?? (waiting === undefined ? idIn(order?.subject.reference, "Patient") : patientIdOf(waiting));
  const known = useRead<Patient>("Patient", given);
  const [found, setFound] = useState<Patient>();
  const patient = known.data ?? found;
  const [who, setWho] = useState<string[]>(start.rows.map((row) => row.ref));
  const [together, setTogether] = useState<string[]>([]);
  const [length, setLength] = useState<string>(String(waiting?.minutesDuration ?? ""));
  const [day, setDay] = useState(start.day);
  const [reason, setReason] = useState(waiting === undefined ? words(order?.code) : reasonOf(waiting));
  const [comment, setComment] = useState(waiting?.comment ?? "");
  const [every, setEvery] = useState<(typeof EVERY)[number]>("none");
  const [times, setTimes] = useState("6");
  const [isOwnTime, setOwnTime] = useState(false);
  const [isTried, setTried] = useState(false);
  const [isWaiting, setWaiting] = useState(false);
  const hold = useHold(waiting);

  const main = rows.filter((row) => who.includes(row.ref));
  const ofServices = services.filter((service) => who.includes(service.ref));
  const schedules = [...new Set([...main, ...ofServices].flatMap((one) => one.schedules))];
  const rule = every === "none" ? undefined
    : repeat(every === "month" ? "month" : every === "workday" ? "workday" : "week", every === "week2" ? 2 : every === "week4" ? 4 : 1, Number(times));
  const name = formalName(patient?.name) || t("noName");

  const booking = useChange<Stored<Appointment>, Stored<Appointment>[]>(["Appointment", "Slot", "Task"], (fhir, held) => book(fhir, held, {
    participant: [
      { actor: { reference: `Patient/${patient?.id ?? ""}`, display: name }, required: "required", status: "accepted" },
      ...held.participant.filter((one) => !refOf(one).startsWith("Patient/")),
    ],
    ...(order === undefined ? {} : { basedOn: [{ reference: `ServiceRequest/${order.id}`, display: words(order.code) }] }),
    ...(reason.trim() === "" ? {} : { reasonCode: [{ text: reason.trim() }] }),
    ...(comment.trim() === "" ? {} : { comment: comment.trim() }),
  }, rule));
  const close = () => { hold.giveBack(); onClose(); };
  const save = () => {
    setTried(true);
    if (patient === undefined || hold.isOver || isWaiting) return;
    if (hold.held !== undefined) send(hold.held);
    if (hold.held !== undefined || !hold.isTaking) return;
    // The time was chosen a moment ago, and isn't held yet.
    setWaiting(true);
    void hold.coming().then((held) => {
      setWaiting(false);
      if (held !== undefined) send(held);
    });
  };
  const send = (held: Stored<Appointment>) => {
    booking.mutate(held, {
      onSuccess: (made) => {
        hold.done();
        const at = shown(made[0]?.start);
        told(t("booked", { name, at: `${dayText(dayOf(at))} ${timeOf(at)}`, n: made.length }));
        onClose();
      },
    });
  };
  const heldAt = shown(hold.held?.start);
  const groups = [
    ...(services.length > 0 ? [{ group: t("kind.service"), items: services.map((one) => ({ value: one.ref, label: one.label })) }] : []),
    ...(["person", "room", "device"] as const).map((kind) => ({ group: t(`kind.${kind}`), items: rows.filter((row) => row.kind === kind).map((row) => ({ value: row.ref, label: row.label })) })).filter((group) => group.items.length > 0),
  ];

  return (
    <Modal opened onClose={close} size="lg" fullScreen={isPhone} title={waiting !== undefined ? t("bookWaiting") : order !== undefined ? t("bookOrder", { what: words(order.code) }) : t("newAppointment")} closeButtonProps={{ "aria-label": t("close") }} closeOnClickOutside={false}>
      <form onSubmit={(event) => { event.preventDefault(); save(); }} noValidate>
        <Stack>
          <FindPatient patient={patient} onChoose={setFound} isFixed={given !== undefined} error={isTried && patient === undefined ? t("choosePatient") : undefined} />
          <MultiSelect
            label={t("withAnyOf")} description={t("withAnyOfHint")} withAsterisk searchable hidePickedOptions nothingFoundMessage={t("nothingFound")} clearButtonProps={{ "aria-label": t("chooseNobody") }}
            data={groups} value={who} disabled={hold.held !== undefined} onChange={setWho} maxDropdownHeight={260}
          />
          <MultiSelect
            label={t("alsoNeeded")} description={t("alsoNeededHint")} searchable hidePickedOptions nothingFoundMessage={t("nothingFound")} clearButtonProps={{ "aria-label": t("chooseNobody") }}
            data={groups.filter((group) => group.group !== t("kind.service"))} value={together} disabled={hold.held !== undefined} onChange={setTogether} maxDropdownHeight={260}
          />
          <Group grow preventGrowOverflow={false} align="flex-start">
            <TextInput type="date" label={t("fromDay")} value={day} disabled={hold.held !== undefined} onChange={(event) => setDay(event.currentTarget.value)} />
            <Select label={t("length")} clearable clearButtonProps={{ "aria-label": t("oneSlot") }} placeholder={t("oneSlot")} disabled={hold.held !== undefined} value={length === "" ? null : length} onChange={(value) => setLength(value ?? "")} data={[10, 15, 20, 30, 40, 45, 60, 90, 120, 180, 240].map((n) => ({ value: String(n), label: t("minutes", { n }) }))} />
          </Group>
          {hold.held === undefined ? (
            schedules.length > 0 && day !== "" && !isOwnTime && (
              <Times
                schedules={schedules} together={together} length={length === "" ? undefined : Number(length)} from={instantOf(start.at !== undefined && day === start.day ? start.at : day, zone)}
                preferred={start.at} isTaking={hold.isTaking} onChoose={hold.choose}
              />
            )
          ) : (
            <div className={classes.held}>
              <div>
                <Text fw={600}>{weekdayName(dayOf(heldAt), language, "long")} {dayText(dayOf(heldAt))} {timeOf(heldAt)}–{timeOf(shown(hold.held.end))}</Text>
                <Text size="sm">{hold.held.participant.filter((one) => !refOf(one).startsWith("Patient/")).map((one) => rows.find((row) => row.ref === refOf(one))?.label ?? one.actor?.display).filter(Boolean).join(" · ")}</Text>
                <Text size="sm" role="status" c={hold.isOver ? undefined : "dimmed"} style={hold.isOver ? { color: "var(--fs-warning)" } : undefined}>{hold.isOver ? t("holdOver") : t("heldUntil", { at: timeOf(shown(hold.ends)) })}</Text>
              </div>
              <Button variant="default" size="xs" onClick={hold.giveBack}>{t("otherTime")}</Button>
            </div>
          )}
          {isTried && hold.held === undefined && !hold.isTaking && <Text size="sm" c="var(--mantine-color-error)" role="alert">{t("chooseTime")}</Text>}
          {hold.error !== null && hold.held === undefined && <Failed title={t("notHeld")} error={hold.isGone ? new Error(t("timeGone")) : hold.error} />}
          <TextInput label={t("reason")} value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={200} />
          <Textarea label={t("comment")} description={t("commentHint")} autosize minRows={1} maxRows={4} value={comment} onChange={(event) => setComment(event.currentTarget.value)} maxLength={2000} />
          {waiting === undefined && order === undefined && (
            <Group grow preventGrowOverflow={false} align="flex-start">
              <Select label={t("repeat")} allowDeselect={false} value={every} onChange={(value) => setEvery(EVERY.find((one) => one === value) ?? "none")} data={EVERY.map((value) => ({ value, label: t(`every.${value}`) }))} />
              {every !== "none" && <Select label={t("times")} allowDeselect={false} value={times} onChange={(value) => setTimes(value ?? times)} data={[2, 3, 4, 5, 6, 8, 10, 12, 20, 26].map(String)} />}
            </Group>
          )}
          {booking.isError && (
            <Failed title={t("notBooked")} error={booking.error instanceof FhirError && booking.error.isConflict ? new Error(rule === undefined ? t("timeGone") : booking.error.message) : booking.error} />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>{t("leaveIt")}</Button>
            <Button type="submit" loading={booking.isPending || isWaiting} disabled={hold.isOver}>{patient === undefined ? t("book") : t("bookFor", { name })}</Button>
          </Group>
        </Stack>
      </form>
      {waiting === undefined && order === undefined && hold.held === undefined && (
        <div>
          <Button variant="subtle" size="compact-sm" mt="sm" aria-expanded={isOwnTime} onClick={() => setOwnTime(!isOwnTime)}>{t("ownTime")}</Button>
          <Collapse expanded={isOwnTime}>
            {isOwnTime && <OwnTime patient={patient} rows={rows.filter((row) => who.includes(row.ref) || together.includes(row.ref))} day={day} at={start.at} length={Number(length) || 30} reason={reason} comment={comment} onDone={onClose} />}
          </Collapse>
        </div>
      )}
    </Modal>
  );
}
