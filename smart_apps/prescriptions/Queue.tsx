import { Alert, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { MedicationDispense, MedicationRequest, Patient } from "fhir/r4";
import { Suspense, useState } from "react";

import { idIn } from "../shared/fhir/bundle.ts";
import { allPages } from "../shared/fhir/pages.ts";
import { useAsk } from "../shared/fhir/queries.ts";
import { ago, moment } from "../shared/format/dates.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part } from "../shared/parts/part.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { dosageText, medicineName } from "./model/medicine.ts";
import { isDue, supplyOf } from "./model/supply.ts";
import { SupplyText } from "./SupplyText.tsx";
import { patientsIn, Who, type Patients } from "./Who.tsx";

const Dispense = part(() => import("./Dispense.tsx"));
const Query = part(() => import("./AskPrescriber.tsx"));
const URGENT: Record<string, number> = { stat: 0, asap: 1, urgent: 2, routine: 3 };

/** What the pharmacy has to do: what nothing was dispensed for and repeats that are due, which somebody still has some for; the most urgent and oldest first. */
export default function Queue() {
  const { t } = useTexts();
  const [dispensing, setDispensing] = useState<MedicationRequest>();
  const [asking, setAsking] = useState<MedicationRequest>();
  const query = useAsk(["MedicationRequest", "MedicationDispense"], ["queue"], async (fhir) => {
    const found = await allPages<MedicationRequest | MedicationDispense | Patient>(fhir, "MedicationRequest", {
      status: "active", _include: "MedicationRequest:patient", _revinclude: "MedicationDispense:prescription", _sort: "authoredon", _count: 200,
    });
    const patients = patientsIn(found.resources);
    const dispensed = found.resources.filter((one): one is MedicationDispense => one.resourceType === "MedicationDispense");
    const open = found.resources
      .filter((one): one is MedicationRequest => one.resourceType === "MedicationRequest" && one.intent !== "plan" && one.intent !== "proposal")
      .filter((one) => isDue(supplyOf(one, dispensed)));
    const rank = (one: MedicationRequest) => (isServed(one, patients) ? 0 : 10) + (supplyOf(one, dispensed).fills === 0 ? 0 : 5) + (URGENT[one.priority ?? "routine"] ?? 3);
    open.sort((a, b) => rank(a) - rank(b));
    return { open, dispensed, patients, isCut: found.isCut };
  });
  return (
    <Stack maw={1100} mx="auto">
      <Title order={1}>{t("queue.title")}</Title>
      <Loaded query={query} lines={8}>
        {({ open, dispensed, patients, isCut }) => (
          <>
            {isCut && <Alert color="yellow" role="alert">{t("cut")}</Alert>}
            {open.length === 0 ? (
              <Empty title={t("queue.none")} />
            ) : (
              <Table className="fs-cards" bg="var(--mantine-color-body)" withTableBorder>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">{t("prescribed")}</Table.Th>
                    <Table.Th scope="col">{t("patient")}</Table.Th>
                    <Table.Th scope="col">{t("medicine")}</Table.Th>
                    <Table.Th scope="col"><span className="fs-hidden">{t("actions")}</span></Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {open.map((request) => (
                    <Table.Tr key={request.id}>
                      <Table.Td data-label={t("prescribed")}>
                        {request.priority !== undefined && request.priority !== "routine" && <Text size="sm" fw={700} c="var(--fs-critical)">{t(`priority.${request.priority}`)}</Text>}
                        <Text size="sm">{moment(request.authoredOn)}</Text>
                        <Text size="sm" c="dimmed">{ago(request.authoredOn)}</Text>
                      </Table.Td>
                      <Table.Td data-label={t("patient")}>
                        <Who subject={request.subject} patients={patients} place={request.requester?.display} />
                      </Table.Td>
                      <Table.Td>
                        <Text fw={600}>{medicineName(request)}</Text>
                        <Text size="sm">{dosageText(request.dosageInstruction?.[0])}</Text>
                        <SupplyText supply={supplyOf(request, dispensed)} />
                      </Table.Td>
                      <Table.Td>
                        <Group gap="xs" justify="flex-end">
                          <Button size="xs" variant="default" onClick={() => setAsking(request)}>{t("ask.button")}</Button>
                          {isServed(request, patients) && <Button size="xs" onClick={() => setDispensing(request)}>{t("dispense.button")}</Button>}
                        </Group>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
            {open.some((one) => !isServed(one, patients)) && <Text size="sm" c="dimmed">{t("queue.others")}</Text>}
          </>
        )}
      </Loaded>
      <Suspense>
        {dispensing !== undefined && <Dispense request={dispensing} dispensed={query.data?.dispensed ?? []} onClose={() => setDispensing(undefined)} />}
        {asking !== undefined && <Query request={asking} onClose={() => setAsking(undefined)} />}
      </Suspense>
    </Stack>
  );
}

/** Nobody dispenses to somebody without a name: the server tells a pharmacy the patients whose prescriptions name it. */
function isServed(request: MedicationRequest, patients: Patients): boolean {
  return patients.has(idIn(request.subject.reference, "Patient") ?? "");
}
