import { Anchor, Group, Modal, Pagination, Table, Text } from "@mantine/core";
import type { Parameters as FhirParameters, Patient } from "fhir/r4";
import { useState } from "react";

import { queryOf } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { plain } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { patientsOf } from "../builder/run.ts";
import type { Period } from "../metrics/period.ts";
import { queryFor, trendIn, type Asked, type Member, type Span } from "./trend.ts";

const A_PAGE = 25;

/** The patients of a span, each with the median of their values. */
export default function Members({ asked, period, span, onClose }: { asked: Asked; period: Period; span: Span; onClose: () => void }) {
  const { t } = useTexts();
  const [page, setPage] = useState(1);
  const answer = useAsk<FhirParameters>([], ["cohort-members", asked, period, span.start], (fhir) => fhir.operation<FhirParameters>(`Observation/$cohort-trend?${queryOf(queryFor(asked, period, span.start))}`));
  return (
    <Modal opened onClose={onClose} size="lg" title={`${asked.name}, ${day(span.start)}${span.start === span.end ? "" : ` – ${day(span.end)}`}`} closeButtonProps={{ "aria-label": t("close") }}>
      <Loaded query={answer} lines={8}>
        {(said) => {
          const trend = trendIn(said);
          const all = trend.spans.find((one) => one.start === span.start)?.members ?? [];
          const pages = Math.ceil(all.length / A_PAGE);
          return (
            <>
              <Text size="sm" mb="xs" role="status">{t("cohort.members", { n: all.length })}</Text>
              <Rows members={all.slice((page - 1) * A_PAGE, page * A_PAGE)} unit={trend.unit} />
              {pages > 1 && <Group justify="center" mt="sm"><Pagination total={pages} value={page} onChange={setPage} getControlProps={(control) => ({ "aria-label": t(control === "previous" ? "previousPage" : "nextPage") })} /></Group>}
            </>
          );
        }}
      </Loaded>
    </Modal>
  );
}

function Rows({ members, unit }: { members: readonly Member[]; unit: string }) {
  const { t } = useTexts();
  const references = members.map((one) => one.patient);
  const patients = useAsk<Map<string, Patient>>(["Patient"], ["cohort-patients", ...references], (fhir) => patientsOf(fhir, references));
  return (
    <Loaded query={patients} lines={8}>
      {(found) => (
        <Table>
          <Table.Thead><Table.Tr><Table.Th scope="col">{t("patient")}</Table.Th><Table.Th scope="col">{t("cohort.own")}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {members.map((one) => {
              const patient = found.get(one.patient);
              return (
                <Table.Tr key={one.patient}>
                  <Table.Th scope="row" fw={400}>
                    <Anchor href={`/apps/chart/patients/${one.patient.replace(/^Patient\//, "")}`}>{patient === undefined ? t("hiddenPatient") : formalName(patient.name)}</Anchor>{" "}
                    <span className="fs-unit">{patient === undefined ? "" : recordNumber(patient.identifier)}</span>
                  </Table.Th>
                  <Table.Td className="fs-value">{plain(one.value)}{unit !== "" && <span className="fs-unit">{"\u00a0"}{unit}</span>}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
    </Loaded>
  );
}
