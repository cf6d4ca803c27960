import { Button, Title } from "@mantine/core";

import { idIn } from "../../shared/fhir/bundle.ts";
import { moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import classes from "./beds.module.css";
import { placesNow } from "./stays.ts";
import type { Board } from "./useBoard.ts";

/** Patients who are here, and whose stay names no bed. */
export function Waiting({ board, onMove }: { board: Board; onMove: (encounter: string) => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  if (board.waiting.length === 0) return null;
  return (
    <section aria-labelledby="waiting">
      <Title order={2} id="waiting" mb={6}>{t("waiting", { n: board.waiting.length })}</Title>
      <table className={`${classes.waiting} fs-cards`}>
        <thead>
          <tr><th scope="col">{t("patient")}</th><th scope="col">{t("since")}</th><th scope="col">{t("where")}</th><td /></tr>
        </thead>
        <tbody>
          {board.waiting.map((stay) => {
            const patient = board.patients.get(idIn(stay.subject?.reference, "Patient") ?? "");
            return (
              <tr key={stay.id}>
                <th scope="row">{patient === undefined ? (stay.subject?.display ?? t("hiddenPatient")) : [formalName(patient.name), recordNumber(patient.identifier)].filter(Boolean).join(" · ")}</th>
                <td data-label={t("since")}>{moment(stay.period?.start)}</td>
                <td data-label={t("where")}>{placesNow(stay).map((place) => board.known.get(place)?.name ?? place).join(", ")}</td>
                <td className="fs-noprint">
                  {session.allows("Encounter", "u") && <Button size="xs" variant="default" onClick={() => onMove(stay.id ?? "")}>{t("giveBed")}</Button>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
