import { Anchor, Group, Modal, Pagination, SegmentedControl, Table, Text } from "@mantine/core";
import type { FhirResource, Patient } from "fhir/r4";
import { useState } from "react";

import { useAsk } from "../../shared/fhir/queries.ts";
import { day, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { patientOf, whatOf, whenOf } from "./about.ts";
import { factsIn, listed, resourcesFor, type Fact } from "./list.ts";
import type { Opened } from "./MetricPage.tsx";
import type { Period } from "./period.ts";
import { useReport } from "./useReport.ts";

const A_PAGE = 25;

/** The list behind a number, as the server counted it. */
export default function Behind({ metric, period, of, onClose }: { metric: string; period: Period; of: Opened; onClose: () => void }) {
  const { t } = useTexts();
  const [isWhole, setWhole] = useState(false);
  const [page, setPage] = useState(1);
  const report = useReport(metric, period, "subject-list");
  const isProportion = report.data?.contained?.some((one) => one.id === "denominator") === true;
  return (
    <Modal opened onClose={onClose} size="xl" title={of.name} closeButtonProps={{ "aria-label": t("close") }}>
      {isProportion && (
        <SegmentedControl mb="sm" aria-label={t("show")} value={isWhole ? "all" : "those"} onChange={(value) => {
          setWhole(value === "all");
          setPage(1);
        }} data={[{ value: "those", label: t(`numerator.${metric}`) }, { value: "all", label: t("countedAll") }]} />
      )}
      <Loaded query={report} lines={8}>
        {(said) => {
          const facts = listed(factsIn(said, isWhole), of.by, of.key);
          if (facts.length === 0) return <Empty title={t("nothingCounted")} />;
          const pages = Math.ceil(facts.length / A_PAGE);
          return (
            <>
              <Text size="sm" mb="xs" role="status">{t("inList", { n: facts.length })}</Text>
              <Rows facts={facts.slice((page - 1) * A_PAGE, page * A_PAGE)} />
              {pages > 1 && <Group justify="center" mt="sm"><Pagination total={pages} value={page} onChange={setPage} getControlProps={(control) => ({ "aria-label": t(control === "previous" ? "previousPage" : "nextPage") })} /></Group>}
            </>
          );
        }}
      </Loaded>
    </Modal>
  );
}

function Rows({ facts }: { facts: readonly Fact[] }) {
  const { t } = useTexts();
  const found = useAsk<Map<string, FhirResource>>([], ["behind", ...facts.map((fact) => fact.reference)], (fhir) => resourcesFor(fhir, facts));
  const withValues = facts.some((fact) => fact.value !== undefined);
  return (
    <Loaded query={found} lines={8}>
      {(resources) => (
        <Table className="fs-cards">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("patient")}</Table.Th><Table.Th scope="col">{t("what")}</Table.Th><Table.Th scope="col">{t("when")}</Table.Th>
              {withValues && <Table.Th scope="col">{t("value")}</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {facts.map((fact) => {
              const resource = resources.get(fact.reference);
              const { start, end } = whenOf(resource);
              return (
                <Table.Tr key={fact.reference}>
                  <Table.Th scope="row"><Who patient={resources.get(patientOf(resource) ?? "") as Patient | undefined} /></Table.Th>
                  <Table.Td data-label={t("what")}>{whatOf(resource)}</Table.Td>
                  <Table.Td data-label={t("when")}>{[start, end].filter((one) => one !== undefined).map((one) => moment(one)).join(" – ")}</Table.Td>
                  {withValues && <Table.Td data-label={t("value")} className="fs-value">{fact.value?.value === undefined ? "" : `${String(fact.value.value)}\u00a0${t(`unit.${fact.value.code ?? "d"}`)}`}</Table.Td>}
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
    </Loaded>
  );
}

function Who({ patient }: { patient: Patient | undefined }) {
  const { t } = useTexts();
  if (patient === undefined) return <>{t("hiddenPatient")}</>;
  return (
    <>
      <Anchor href={`/apps/chart/patients/${patient.id ?? ""}`} fw={600}>{formalName(patient.name)}</Anchor>
      <Text size="sm" c="dimmed">{[`${t("born")} ${patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}`, recordNumber(patient.identifier)].filter(Boolean).join(" · ")}</Text>
    </>
  );
}
