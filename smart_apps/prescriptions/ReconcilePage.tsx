import { Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { MedicationAdministration, MedicationDispense, MedicationRequest, MedicationStatement, Parameters, ParametersParameter } from "fhir/r4";

import { answerOf } from "../shared/fhir/bundle.ts";
import { useAsk, useBatch } from "../shared/fhir/queries.ts";
import { words } from "../shared/format/codes.ts";
import { moment } from "../shared/format/dates.ts";
import { quantity } from "../shared/format/quantities.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { Findings } from "./Findings.tsx";
import { checkedIn } from "./model/findings.ts";
import { dosageText, medicineName } from "./model/medicine.ts";

type Medicated = MedicationRequest | MedicationStatement | MedicationDispense | MedicationAdministration;

const SOURCES = ["request", "statement", "dispense", "administration"] as const;

/** What the patient takes, from all sources side by side, and where these disagree. */
export default function ReconcilePage({ patient }: { patient: string }) {
  const { t } = useTexts();
  const summary = useAsk(["MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration", "AllergyIntolerance"], ["summary", patient], (fhir) =>
    fhir.operation<Parameters>(`Patient/${patient}/$medication-summary`));
  const lines = (summary.data?.parameter ?? []).filter((part) => part.name === "medicine");
  const references = [...new Set(lines.flatMap((line) => (line.part ?? []).map((part) => part.valueReference?.reference).filter((one) => one !== undefined)))];
  const details = useBatch(references.length === 0 ? undefined : references, ["MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration"]);
  const detail = (reference: string | undefined) => {
    const n = references.indexOf(reference ?? "");
    return n < 0 ? undefined : answerOf<Medicated>(details.data, n);
  };
  return (
    <Stack maw={1100} mx="auto">
      <Title order={2}>{t("reconcile.title")}</Title>
      <Text c="dimmed">{t("reconcile.lead")}</Text>
      <Loaded query={summary} lines={8}>
        {(said) => (
          <>
            {lines.length === 0 ? (
              <Empty title={t("patientPage.none")} />
            ) : (
              <Table className="fs-cards" bg="var(--mantine-color-body)" withTableBorder>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">{t("reconcile.ingredient")}</Table.Th>
                    {SOURCES.map((source) => <Table.Th key={source} scope="col">{t(`reconcile.${source}`)}</Table.Th>)}
                    <Table.Th scope="col">{t("reconcile.marks")}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {lines.map((line, n) => (
                    <Table.Tr key={n}>
                      <Table.Th scope="row">{words(line.part?.find((part) => part.name === "ingredient")?.valueCodeableConcept)}</Table.Th>
                      {SOURCES.map((source) => (
                        <Table.Td key={source} data-label={t(`reconcile.${source}`)}>
                          {partsOf(line, source).map((part, m) => <Source key={m} resource={detail(part.valueReference?.reference)} />)}
                        </Table.Td>
                      ))}
                      <Table.Td>
                        {partsOf(line, "conflict").map((part, m) => (
                          <Text key={m} size="sm" c="var(--fs-warning)" fw={600}><IconAlertTriangle size={14} aria-hidden style={{ verticalAlign: "-2px" }} /> {part.part?.find((one) => one.name === "text")?.valueString}</Text>
                        ))}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
            <Findings checked={checkedIn(said)} />
          </>
        )}
      </Loaded>
    </Stack>
  );
}

function partsOf(line: ParametersParameter, name: string): ParametersParameter[] {
  return (line.part ?? []).filter((part) => part.name === name);
}

function Source({ resource }: { resource: Medicated | undefined }) {
  const { t } = useTexts();
  if (resource === undefined) return null;
  const [dosage, when] = said(resource, t);
  return (
    <Text size="sm" mb={4}>
      {medicineName(resource)}<br />
      {dosage}<br />
      <span className="fs-unit">{t(`status.${resource.status}`)} · <span style={{ whiteSpace: "nowrap" }}>{moment(when)}</span></span>
    </Text>
  );
}

/** Dose and moment of an entry, of whichever kind it is. */
function said(of: Medicated, t: ReturnType<typeof useTexts>["t"]): [dosage: string, when: string | undefined] {
  switch (of.resourceType) {
    case "MedicationRequest":
      return [dosageText(of.dosageInstruction?.[0]), of.authoredOn];
    case "MedicationStatement":
      return [dosageText(of.dosage?.[0]), of.effectiveDateTime ?? of.dateAsserted];
    case "MedicationDispense":
      return [quantity(of.quantity) === "" ? "" : t("reconcile.amount", { amount: quantity(of.quantity) }), of.whenHandedOver ?? of.whenPrepared];
    case "MedicationAdministration":
      return [of.dosage?.text ?? quantity(of.dosage?.dose), of.effectiveDateTime ?? of.effectivePeriod?.start];
  }
}
