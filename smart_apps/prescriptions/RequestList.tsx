import { Badge, Table, Text } from "@mantine/core";
import type { MedicationDispense, MedicationRequest } from "fhir/r4";
import type { ReactNode } from "react";

import { moment } from "../shared/format/dates.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { dosageText, medicineName } from "./model/medicine.ts";
import { supplyOf } from "./model/supply.ts";
import { SupplyText } from "./SupplyText.tsx";
import { Who, type Patients } from "./Who.tsx";

/** Prescriptions, one a row: medicine, dose, by whom and since when, state in words. */
export function RequestList({ requests, dispensed, patients, actions }: {
  requests: readonly MedicationRequest[];
  dispensed?: readonly MedicationDispense[];
  patients?: Patients;
  actions?: (request: MedicationRequest) => ReactNode;
}) {
  const { t } = useTexts();
  return (
    <Table className="fs-cards" bg="var(--mantine-color-body)" withTableBorder>
      <Table.Thead>
        <Table.Tr>
          {patients !== undefined && <Table.Th scope="col">{t("patient")}</Table.Th>}
          <Table.Th scope="col">{t("medicine")}</Table.Th>
          <Table.Th scope="col">{t("prescribed")}</Table.Th>
          <Table.Th scope="col">{t("state")}</Table.Th>
          {actions !== undefined && <Table.Th scope="col"><span className="fs-hidden">{t("actions")}</span></Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {requests.map((request) => (
          <Table.Tr key={request.id}>
            {patients !== undefined && <Table.Td data-label={t("patient")}><Who subject={request.subject} patients={patients} /></Table.Td>}
            <Table.Td>
              <Text fw={600}>{medicineName(request)}</Text>
              <Text size="sm">{dosageText(request.dosageInstruction?.[0])}</Text>
              {dispensed !== undefined && <SupplyText supply={supplyOf(request, dispensed)} />}
              {(request.reasonCode?.[0]?.text ?? request.note?.[0]?.text) !== undefined && (
                <Text size="sm" c="dimmed">{[request.reasonCode?.[0]?.text, request.note?.[0]?.text].filter(Boolean).join(" · ")}</Text>
              )}
            </Table.Td>
            <Table.Td data-label={t("prescribed")}>
              <Text size="sm">{moment(request.authoredOn)}</Text>
              <Text size="sm" c="dimmed">{request.requester?.display ?? ""}</Text>
              {request.dispenseRequest?.performer?.display !== undefined && <Text size="sm" c="dimmed">{t("supply.by", { pharmacy: request.dispenseRequest.performer.display })}</Text>}
            </Table.Td>
            <Table.Td><State request={request} /></Table.Td>
            {actions !== undefined && <Table.Td>{actions(request)}</Table.Td>}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function State({ request }: { request: MedicationRequest }) {
  const { t } = useTexts();
  const colour = request.status === "active" ? "green" : request.status === "on-hold" || request.status === "draft" ? "yellow" : "gray";
  return (
    <>
      <Badge variant="outline" color={colour} tt="none" miw="max-content">{t(`status.${request.status}`)}</Badge>
      {request.statusReason?.text !== undefined && <Text size="sm" c="dimmed">{request.statusReason.text}</Text>}
    </>
  );
}
