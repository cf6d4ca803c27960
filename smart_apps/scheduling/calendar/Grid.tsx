import type { Appointment, Patient, Slot } from "fhir/r4";
import { useMemo } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { addDays, instantOf, minutesBetween, mondayOf } from "../../shared/format/zone.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { others, patientName, patientRef, scheduleIdOf, serviceOf } from "../model/appointments.ts";
import type { Row } from "../model/rows.ts";
import { ICONS } from "./look.tsx";
import type { Moving } from "./MoveDialog.tsx";
import { hoursOf, piecesOf } from "./pieces.ts";
import Planner from "./Planner.tsx";
import classes from "./planner.module.css";

/** Appointments and open time of the rows, to be opened, moved and booked by pointer. */
export default function Grid({ view, day, rows, appointments, patients, labels, slots, mayMove, onOpen, onFree, onMove }: {
  view: "day" | "week";
  day: string;
  rows: readonly Row[];
  appointments: readonly Stored<Appointment>[];
  patients: ReadonlyMap<string, Patient>;
  labels: ReadonlyMap<string, string>;
  slots: readonly Slot[];
  mayMove: boolean;
  onOpen: (id: string) => void;
  onFree: (row: Row, at: string) => void;
  onMove: (moving: Moving) => void;
}) {
  const { t } = useTexts();
  const { zone, shown } = useZone();
  const pieces = useMemo(() => piecesOf(rows, appointments, patients, slots, shown, t("noName")), [rows, appointments, patients, slots, shown, t]);
  const byId = useMemo(() => new Map(appointments.map((one) => [one.id, one])), [appointments]);
  const days = view === "day" ? [day] : Array.from({ length: 7 }, (_, n) => addDays(mondayOf(day), n));
  const { from, to } = hoursOf(pieces, days);
  const rowOf = (ref: string) => rows.find((row) => row.ref === ref);
  return (
    <Planner
      view={view} day={day} pieces={pieces} from={from} to={to} clock={() => shown(new Date())}
      lanes={rows.map((row) => ({ id: row.ref, label: row.label, what: row.what }))}
      canMove={(id) => mayMove && byId.get(id)?.status === "booked"}
      body={(id) => {
        const one = byId.get(id);
        if (one === undefined) return null;
        const Icon = ICONS[one.status];
        return (
          <span className={classes.chip}>
            <span>
              <Icon size={14} aria-hidden style={{ verticalAlign: "-2px" }} /> <span className="fs-hidden">{t(`status.${one.status}`)}</span>
              {shown(one.start).slice(11, 16)} <strong>{patientName(one, patients) || t(patientRef(one) === undefined ? "noPatient" : "noName")}</strong>
            </span>
            <span>{[serviceOf(one), ...others(one, labels).filter((label) => rows.length > 1 && !rows.some((row) => row.label === label)).slice(0, 1)].filter(Boolean).join(" · ")}</span>
          </span>
        );
      }}
      onOpen={onOpen}
      onFree={(ref, at) => {
        const row = rowOf(ref);
        if (row !== undefined) onFree(row, at);
      }}
      onMove={(id, fromRef, toRef, start, end) => {
        const appointment = byId.get(id);
        if (appointment === undefined) return;
        const to = rowOf(toRef);
        const [begins, ends] = [instantOf(start, zone), instantOf(end, zone)];
        const length = minutesBetween(appointment.start ?? "", appointment.end ?? "");
        // What is dropped within a slot begins with it.
        const slot = slots.find((one) => to?.schedules.includes(scheduleIdOf(one)) === true && Date.parse(one.start) <= begins.getTime() && begins.getTime() < Date.parse(one.end));
        const isDropped = minutesBetween(begins, ends) === length && slot !== undefined;
        const from = isDropped ? new Date(slot.start) : begins;
        onMove({ appointment, from: rowOf(fromRef), to, start: from, end: isDropped ? new Date(from.getTime() + length * 60_000) : ends });
      }}
    />
  );
}
