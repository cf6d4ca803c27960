import { IconFlag } from "@tabler/icons-react";
import type { Encounter, Location } from "fhir/r4";
import { useState } from "react";

import { idIn } from "../../shared/fhir/bundle.ts";
import { words } from "../../shared/format/codes.ts";
import { age, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import classes from "./beds.module.css";
import { bedState, referenceTo, shortName, type BedState } from "./places.ts";
import { StateLabel } from "./StateLabel.tsx";
import { plannedEnd } from "./stays.ts";
import type { Board } from "./useBoard.ts";

export const DRAGGED = "application/x-encounter";

/** Who lies in a bed, and the bed's state: of somebody who lies there, whatever the bed says. */
export function occupants(board: Board, bed: Location): { state: BedState; stays: Encounter[] } {
  const stays = board.stays.get(referenceTo(bed)) ?? [];
  return { stays, state: stays.length > 0 ? "occupied" : bedState(bed) };
}

/** A bed with its patient. A press opens it; a patient can be dragged to a bed, which opens the same dialog as "Move". */
export function BedCard({ bed, ward, board, onOpen, onDrop }: {
  bed: Location;
  ward: Location;
  board: Board;
  onOpen: () => void;
  onDrop: (encounter: string) => void;
}) {
  const { t } = useTexts();
  const [isOver, setOver] = useState(false);
  const { state, stays } = occupants(board, bed);
  const takes = stays.length === 0 && state !== "closed" && state !== "occupied";
  const first = stays[0];
  return (
    <button
      type="button"
      className={classes.bed}
      data-state={state}
      data-over={isOver || undefined}
      draggable={first !== undefined}
      onClick={onOpen}
      onDragStart={(event) => {
        if (first?.id !== undefined) event.dataTransfer.setData(DRAGGED, first.id);
      }}
      onDragOver={(event) => {
        if (!takes || !event.dataTransfer.types.includes(DRAGGED)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDrop(event.dataTransfer.getData(DRAGGED));
      }}
    >
      <span className={classes.head}><span>{shortName(bed, ward, board.known)}</span> <StateLabel state={state} /></span>
      {stays.map((stay) => <Occupant key={stay.id} stay={stay} board={board} />)}
      {state === "occupied" && first === undefined && <span className={classes.small}>{t("hiddenPatient")}</span>}
    </button>
  );
}

function Occupant({ stay, board }: { stay: Encounter; board: Board }) {
  const { t } = useTexts();
  const id = idIn(stay.subject?.reference, "Patient") ?? "";
  const patient = board.patients.get(id);
  const old = age(patient?.birthDate);
  const end = plannedEnd(stay);
  const facts = patient === undefined ? [] : [
    old === undefined ? undefined : t(`ageUnit.${old.unit}`, { n: old.n }),
    t(`sex.${patient.gender ?? "unknown"}`),
    recordNumber(patient.identifier),
  ];
  return (
    <>
      <span className={classes.who}>{patient === undefined ? (stay.subject?.display ?? t("hiddenPatient")) : formalName(patient.name)}</span>
      <span className={classes.small}>{facts.filter(Boolean).join(" · ")}</span>
      {(board.flags.get(id) ?? []).map((flag) => (
        <span key={flag.id} className={classes.flag}><IconFlag size={14} aria-hidden /> {words(flag.code)}</span>
      ))}
      {end !== undefined && <span className={classes.small}>{t("leaves", { when: moment(end) })}</span>}
    </>
  );
}
