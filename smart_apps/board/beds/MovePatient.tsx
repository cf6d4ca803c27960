import { Alert, Button, Group, NativeSelect, Text } from "@mantine/core";
import type { Encounter } from "fhir/r4";
import { useState } from "react";

import { idIn } from "../../shared/fhir/bundle.ts";
import { FhirError } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { formalName } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import { occupants } from "./BedCard.tsx";
import { BedTaken, move } from "./changes.ts";
import { referenceTo, shortName } from "./places.ts";
import { placesNow } from "./stays.ts";
import type { Board } from "./useBoard.ts";

const OPEN = ["free", "cleaning", "isolated", "unknown"];

/** To which bed; the button says who goes from where to where. */
export function MovePatient({ board, stay, to, onDone }: { board: Board; stay: Encounter; to?: string; onDone: () => void }) {
  const { t } = useTexts();
  const reason = useReason();
  const [chosen, setChosen] = useState(to ?? "");
  const target = board.known.get(chosen);
  const patient = board.patients.get(idIn(stay.subject?.reference, "Patient") ?? "");
  const name = patient === undefined ? (stay.subject?.display ?? "") : formalName(patient.name);
  const from = placesNow(stay).map((place) => board.known.get(place)?.name).filter(Boolean).at(-1) ?? t("noBed");
  const moving = useChange(["Encounter", "Location"], (fhir, goal: { bed: string }) => {
    const bed = board.known.get(goal.bed);
    if (bed === undefined) throw new BedTaken();
    return move(fhir, stay, bed, board.known);
  });
  const state = target === undefined ? undefined : occupants(board, target).state;
  const groups = board.wards.map((ward) => ({
    group: ward.location.name ?? "",
    items: ward.beds.filter((bed) => OPEN.includes(occupants(board, bed).state)).map((bed) => {
      const now = occupants(board, bed).state;
      return { value: referenceTo(bed), label: now === "free" ? shortName(bed, ward.location, board.known) : `${shortName(bed, ward.location, board.known)} (${t(`state.${now}`)})` };
    }),
  })).filter((group) => group.items.length > 0);
  return (
    <div>
      <NativeSelect label={t("moveTo")} value={chosen} onChange={(event) => setChosen(event.currentTarget.value)} data={[{ value: "", label: t("chooseBed") }, ...groups]} />
      {target !== undefined && (
        <>
          <Text size="sm" mt="xs" data-testid="move-summary">{t("moveSummary", { name, from, to: target.name ?? "" })}</Text>
          {state !== undefined && state !== "free" && <Alert mt="xs" color={OPEN.includes(state) ? "yellow" : "red"}>{OPEN.includes(state) ? t("moveWarns", { state: t(`state.${state}`) }) : t("bedTaken")}</Alert>}
          {moving.isError && <Alert mt="xs" role="alert" color="red" title={t("notSaved")}>{saying(moving.error)}</Alert>}
          <Group justify="flex-end" mt="sm">
            <Button variant="default" onClick={onDone}>{t("cancel")}</Button>
            <Button
              loading={moving.isPending}
              disabled={state === undefined || !OPEN.includes(state)}
              onClick={() => moving.mutate({ bed: chosen }, {
                onSuccess: () => {
                  told(t("movedTo", { name, to: target.name ?? "" }));
                  onDone();
                },
              })}
            >
              {t("moveNow", { name })}
            </Button>
          </Group>
        </>
      )}
    </div>
  );

  function saying(error: unknown): string {
    if (error instanceof BedTaken) return t("bedTaken");
    if (error instanceof FhirError && error.isConflict) return t("stayChanged");
    return reason(error);
  }
}
