import { Anchor, Group, Modal, Stack, Text, Title } from "@mantine/core";
import type { Encounter, Location } from "fhir/r4";
import { useState } from "react";

import { idIn } from "../../shared/fhir/bundle.ts";
import { age, day, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { occupants } from "./BedCard.tsx";
import { MarkBed } from "./MarkBed.tsx";
import { MovePatient } from "./MovePatient.tsx";
import { PlanDischarge } from "./PlanDischarge.tsx";
import { StateLabel } from "./StateLabel.tsx";
import { placesNow } from "./stays.ts";
import type { Board } from "./useBoard.ts";

/** A bed and what can be done about it, or a patient who is to be moved. */
export default function BedDialog({ board, bed: reference, move, to, onClose }: {
  board: Board;
  bed?: string;
  move?: string;
  to?: string;
  onClose: () => void;
}) {
  const { t } = useTexts();
  const { session } = useSmart();
  // What was pressed stays open when the patient moves elsewhere meanwhile; the board behind it goes on.
  const [seen] = useState(board);
  const bed = reference === undefined ? undefined : board.known.get(reference);
  const stays = move === undefined
    ? bed === undefined ? [] : occupants(board, bed).stays
    : [...seen.stays.values(), seen.waiting].flat().filter((stay, n, all) => stay.id === move && all.findIndex((one) => one.id === stay.id) === n);
  const mayMove = session.allows("Encounter", "u");
  return (
    <Modal opened onClose={onClose} size="lg" title={bed?.name ?? t("movePatient")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack gap="md">
        {bed !== undefined && <StateLabel state={occupants(board, bed).state} />}
        {stays.map((stay) => (
          <Stack key={stay.id} gap="sm">
            <Identity stay={stay} board={seen} />
            {mayMove && <MovePatient board={board} stay={stay} to={to} onDone={onClose} />}
            {mayMove && move === undefined && <PlanDischarge stay={stay} name={nameOf(stay, seen)} />}
          </Stack>
        ))}
        {stays.length === 0 && bed !== undefined && <Hidden bed={bed} board={board} />}
        {bed !== undefined && stays.length === 0 && session.allows("Location", "u") && occupants(board, bed).state !== "occupied" && (
          <MarkBed bed={bed} onDone={onClose} />
        )}
      </Stack>
    </Modal>
  );
}

function Hidden({ bed, board }: { bed: Location; board: Board }) {
  const { t } = useTexts();
  return occupants(board, bed).state === "occupied" ? <Text size="sm">{t("hiddenText")}</Text> : null;
}

/** FAMILY, Given, born, sex, record number: never less, where something is done about a patient. */
function Identity({ stay, board }: { stay: Encounter; board: Board }) {
  const { t } = useTexts();
  const id = idIn(stay.subject?.reference, "Patient");
  const patient = board.patients.get(id ?? "");
  const old = age(patient?.birthDate);
  return (
    <div>
      <Title order={3}>{nameOf(stay, board)}</Title>
      {patient !== undefined && (
        <Text size="sm">
          {t("born")} <b>{patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}</b>
          {old !== undefined && ` (${t(`ageUnit.${old.unit}`, { n: old.n })})`} · {t(`sex.${patient.gender ?? "unknown"}`)} · {t("recordNumber")}{" "}
          <b>{recordNumber(patient.identifier) ?? t("notKnown")}</b>
        </Text>
      )}
      <Group gap="md">
        <Text size="sm" c="dimmed">{t("hereSince", { when: moment(stay.period?.start) })} · {placesNow(stay).map((place) => board.known.get(place)?.name).filter(Boolean).at(-1)}</Text>
        {id !== undefined && patient !== undefined && <Anchor size="sm" href={`/apps/chart/patients/${id}`}>{t("openChart")}</Anchor>}
      </Group>
    </div>
  );
}

function nameOf(stay: Encounter, board: Board): string {
  const patient = board.patients.get(idIn(stay.subject?.reference, "Patient") ?? "");
  return patient === undefined ? (stay.subject?.display ?? "") : formalName(patient.name);
}
