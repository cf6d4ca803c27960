import { Button, Table, Title } from "@mantine/core";

import { idIn } from "../../shared/fhir/bundle.ts";
import { moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
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
      <Table className="fs-cards">
        <Table.Thead>
          <Table.Tr><Table.Th scope="col">{t("patient")}</Table.Th><Table.Th scope="col">{t("since")}</Table.Th><Table.Th scope="col">{t("where")}</Table.Th><Table.Td /></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {board.waiting.map((stay) => {
            const patient = board.patients.get(idIn(stay.subject?.reference, "Patient") ?? "");
            return (
              <Table.Tr key={stay.id}>
                <Table.Th scope="row">{patient === undefined ? (stay.subject?.display ?? t("hiddenPatient")) : [formalName(patient.name), recordNumber(patient.identifier)].filter(Boolean).join(" · ")}</Table.Th>
                <Table.Td data-label={t("since")}>{moment(stay.period?.start)}</Table.Td>
                <Table.Td data-label={t("where")}>{placesNow(stay).map((place) => board.known.get(place)?.name ?? place).join(", ")}</Table.Td>
                <Table.Td className="fs-noprint">
                  {session.allows("Encounter", "u") && <Button size="xs" variant="default" onClick={() => onMove(stay.id ?? "")}>{t("giveBed")}</Button>}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </section>
  );
}
