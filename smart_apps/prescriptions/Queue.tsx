import { Alert, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { MedicationDispense, MedicationRequest, Patient } from "fhir/r4";
import { lazy, Suspense, useState } from "react";

import { idIn } from "../shared/fhir/bundle.ts";
import { allPages } from "../shared/fhir/pages.ts";
import { useAsk } from "../shared/fhir/queries.ts";
import { ago, moment } from "../shared/format/dates.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { dosageText, medicineName } from "./model/medicine.ts";
import { patientsIn, Who } from "./Who.tsx";

const Dispense = lazy(() => import("./Dispense.tsx"));
const Query = lazy(() => import("./AskPrescriber.tsx"));
const URGENT: Record<string, number> = { stat: 0, asap: 1, urgent: 2, routine: 3 };

/** What the pharmacy has to do: prescriptions that nothing was dispensed for, the most urgent and oldest first. */
export default function Queue() {
  const { t } = useTexts();
  const [dispensing, setDispensing] = useState<MedicationRequest>();
  const [asking, setAsking] = useState<MedicationRequest>();
  const query = useAsk(["MedicationRequest", "MedicationDispense"], ["queue"], async (fhir) => {
    const [requests, dispensed] = await Promise.all([
      allPages<MedicationRequest | Patient>(fhir, "MedicationRequest", { status: "active", _include: "MedicationRequest:patient", _sort: "authoredon", _count: 200 }),
      allPages<MedicationDispense>(fhir, "MedicationDispense", { _sort: "-_lastUpdated", _count: 500 }, 4),
    ]);
    const done = new Set(dispensed.resources.filter((one) => one.status !== "cancelled" && one.status !== "entered-in-error").flatMap((one) => (one.authorizingPrescription ?? []).map((ref) => idIn(ref.reference, "MedicationRequest"))));
    const open = requests.resources.filter((one): one is MedicationRequest => one.resourceType === "MedicationRequest").filter((one) => !done.has(one.id) && one.intent !== "plan" && one.intent !== "proposal");
    open.sort((a, b) => (URGENT[a.priority ?? "routine"] ?? 3) - (URGENT[b.priority ?? "routine"] ?? 3));
    return { open, patients: patientsIn(requests.resources), isCut: requests.isCut };
  });
  return (
    <Stack maw={1100} mx="auto">
      <Title order={1}>{t("queue.title")}</Title>
      <Loaded query={query} lines={8}>
        {({ open, patients, isCut }) => (
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
                      </Table.Td>
                      <Table.Td>
                        <Group gap="xs" justify="flex-end">
                          <Button size="xs" variant="default" onClick={() => setAsking(request)}>{t("ask.button")}</Button>
                          <Button size="xs" onClick={() => setDispensing(request)}>{t("dispense.button")}</Button>
                        </Group>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
          </>
        )}
      </Loaded>
      <Suspense>
        {dispensing !== undefined && <Dispense request={dispensing} onClose={() => setDispensing(undefined)} />}
        {asking !== undefined && <Query request={asking} onClose={() => setAsking(undefined)} />}
      </Suspense>
    </Stack>
  );
}
