import { Button, Table, Text } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconClock, IconX } from "@tabler/icons-react";
import { Suspense, useState } from "react";

import { idIn } from "../shared/fhir/bundle.ts";
import { day, isoDay, time } from "../shared/format/dates.ts";
import { formalName } from "../shared/format/people.ts";
import { useRole } from "../shared/frame/useMyApps.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { dosageText, medicineName } from "./model/medicine.ts";
import { Who, type Patients } from "./Who.tsx";
import { momentOf, type Dose, type Standing } from "./model/timing.ts";

const Give = part(() => import("./Give.tsx"));
const LOOK = {
  given: [IconCheck, "var(--fs-good)"],
  omitted: [IconX, "var(--mantine-color-dimmed)"],
  overdue: [IconAlertTriangle, "var(--fs-critical)"],
  due: [IconClock, "var(--fs-warning)"],
  later: [IconClock, "var(--mantine-color-dimmed)"],
} as const satisfies Record<Standing, unknown>;

/** Doses in the order of their times: what is due, what was given, what was left out and why. */
export function DoseList({ doses, patients, where }: { doses: readonly Dose[]; patients?: Patients; where?: (patient: string) => string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [giving, setGiving] = useState<Dose>();
  const mayGive = useRole("nurse") && session.allows("MedicationAdministration", "c");
  return (
    <>
      <Table className="fs-cards" bg="var(--mantine-color-body)" withTableBorder>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("dueAt")}</Table.Th>
            {patients !== undefined && <Table.Th scope="col">{t("patient")}</Table.Th>}
            <Table.Th scope="col">{t("medicine")}</Table.Th>
            <Table.Th scope="col">{t("state")}</Table.Th>
            {mayGive && <Table.Th scope="col"><span className="fs-hidden">{t("actions")}</span></Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {doses.map((dose) => {
            const [Icon, colour] = LOOK[dose.standing];
            const patient = idIn(dose.request.subject.reference, "Patient") ?? "";
            return (
              <Table.Tr key={`${dose.request.id ?? ""} ${dose.at.getTime()}`}>
                <Table.Td data-label={t("dueAt")}>
                  <strong>{time(dose.at)}</strong>{isoDay(dose.at) !== isoDay() && <Text size="sm" c="dimmed">{day(dose.at)}</Text>}
                </Table.Td>
                {patients !== undefined && (
                  <Table.Td data-label={t("patient")}><Who subject={dose.request.subject} patients={patients} place={where?.(patient)} /></Table.Td>
                )}
                <Table.Td>
                  <Text fw={600}>{medicineName(dose.request)}</Text>
                  <Text size="sm">{dosageText(dose.request.dosageInstruction?.[0])}</Text>
                </Table.Td>
                <Table.Td>
                  <span style={{ color: colour, fontWeight: 600 }}><Icon size={16} aria-hidden style={{ verticalAlign: "-2px" }} /> {t(`standing.${dose.standing}`)}</span>
                  {dose.administration !== undefined && (
                    <Text size="sm" c="dimmed">
                      {[time(momentOf(dose.administration)), dose.administration.performer?.[0]?.actor.display, dose.administration.statusReason?.[0]?.text].filter(Boolean).join(" · ")}
                    </Text>
                  )}
                </Table.Td>
                {mayGive && (
                  <Table.Td>
                    {dose.administration === undefined && dose.standing !== "later" && (
                      <Button size="xs" onClick={() => setGiving(dose)} aria-label={t("give.of", { medicine: medicineName(dose.request), patient: formalName(patients?.get(patient)?.name) })}>{t("give.button")}</Button>
                    )}
                  </Table.Td>
                )}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <Suspense>{giving !== undefined && <Give request={giving.request} dueAt={giving.at} onClose={() => setGiving(undefined)} />}</Suspense>
    </>
  );
}
