import { Button, Group, Menu, Stack, Text, Title } from "@mantine/core";
import { IconDots, IconListCheck, IconPlus } from "@tabler/icons-react";
import type { MedicationAdministration, MedicationDispense, MedicationRequest } from "fhir/r4";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { allPages } from "../shared/fhir/pages.ts";
import { useAsk } from "../shared/fhir/queries.ts";
import { useRole } from "../shared/frame/useMyApps.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { DoseList } from "./DoseList.tsx";
import { doses, isAsNeeded } from "./model/timing.ts";
import { supplyOf } from "./model/supply.ts";
import { RequestList } from "./RequestList.tsx";

const ChangeStatus = part(() => import("./ChangeStatus.tsx"));
const Dispense = part(() => import("./Dispense.tsx"));
const Give = part(() => import("./Give.tsx"));
const CURRENT = new Set(["active", "on-hold", "draft"]);
const HOUR_MS = 3_600_000;

/** A patient's medicines: what is in force, what is due today, and what was before. */
export default function PatientPage({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [changing, setChanging] = useState<[MedicationRequest, "stopped" | "on-hold" | "active" | "cancelled"]>();
  const [giving, setGiving] = useState<MedicationRequest>();
  const mayPrescribe = useRole("doctor") && session.allows("MedicationRequest", "c");
  const mayGive = useRole("nurse") && session.allows("MedicationAdministration", "c");
  const [dispensing, setDispensing] = useState<MedicationRequest>();
  const mayDispense = useRole("pharmacist") && session.allows("MedicationDispense", "c");
  const query = useAsk(["MedicationRequest", "MedicationAdministration", "MedicationDispense"], ["medicines", patient], async (fhir) => {
    const since = new Date(Date.now() - 24 * HOUR_MS).toISOString();
    const [found, given] = await Promise.all([
      allPages<MedicationRequest | MedicationDispense>(fhir, "MedicationRequest", { patient, _revinclude: "MedicationDispense:prescription", _sort: "-authoredon", _count: 100 }),
      allPages<MedicationAdministration>(fhir, "MedicationAdministration", { patient, "effective-time": `ge${since}`, _count: 200 }),
    ]);
    const dispensed = found.resources.filter((one): one is MedicationDispense => one.resourceType === "MedicationDispense");
    return {
      requests: found.resources.filter((one): one is MedicationRequest => one.resourceType === "MedicationRequest"),
      isCut: found.isCut, dispensed, given: given.resources,
    };
  });
  return (
    <Stack maw={1100} mx="auto">
      <Group justify="space-between">
        <Title order={2}>{t("patientPage.title")}</Title>
        <Group gap="xs">
          {session.allows("MedicationStatement", "s") && (
            <Button component={Link} href={`/patients/${patient}/reconcile`} variant="default" leftSection={<IconListCheck size={18} aria-hidden />}>{t("reconcile.place")}</Button>
          )}
          {mayPrescribe && (
            <Button component={Link} href={`/patients/${patient}/order`} leftSection={<IconPlus size={18} aria-hidden />}>{t("order.place")}</Button>
          )}
        </Group>
      </Group>
      <Loaded query={query} lines={6}>
        {({ requests, isCut, dispensed, given }) => {
          const current = requests.filter((request) => CURRENT.has(request.status));
          const before = requests.filter((request) => !CURRENT.has(request.status));
          const now = new Date();
          const due = doses(current.filter((one) => one.status === "active"), given, new Date(now.getTime() - 8 * HOUR_MS), new Date(now.getTime() + 8 * HOUR_MS), now);
          return (
            <>
              {current.length === 0 ? (
                <Empty title={t("patientPage.none")}><Text size="sm">{t("patientPage.noneHint")}</Text></Empty>
              ) : (
                <RequestList
                  requests={current}
                  dispensed={dispensed}
                  actions={(request) => (
                    <Group gap="xs" wrap="nowrap" justify="flex-end">
                      {mayGive && request.status === "active" && (
                        <Button size="xs" variant="default" onClick={() => setGiving(request)}>{isAsNeeded(request.dosageInstruction?.[0]) ? t("give.needed") : t("give.button")}</Button>
                      )}
                      {mayDispense && request.status === "active" && !supplyOf(request, dispensed).isOver && (
                        <Button size="xs" onClick={() => setDispensing(request)}>{t("dispense.button")}</Button>
                      )}
                      <Actions request={request} onChoose={(status) => setChanging([request, status])} />
                    </Group>
                  )}
                />
              )}
              {due.length > 0 && (
                <section aria-label={t("patientPage.today")}>
                  <Title order={2} mb="xs">{t("patientPage.today")}</Title>
                  <DoseList doses={due} />
                </section>
              )}
              {before.length > 0 && (
                <details>
                  <summary>{t("patientPage.before", { n: before.length })}</summary>
                  <RequestList requests={before} />
                </details>
              )}
              {isCut && <Text c="dimmed">{t("cut")}</Text>}
            </>
          );
        }}
      </Loaded>
      <Suspense>
        {changing !== undefined && <ChangeStatus request={changing[0]} status={changing[1]} onClose={() => setChanging(undefined)} />}
        {dispensing !== undefined && <Dispense request={dispensing} dispensed={query.data?.dispensed ?? []} onClose={() => setDispensing(undefined)} />}
        {giving !== undefined && <Give request={giving} onClose={() => setGiving(undefined)} />}
      </Suspense>
    </Stack>
  );
}

function Actions({ request, onChoose }: { request: MedicationRequest; onChoose: (status: "stopped" | "on-hold" | "active" | "cancelled") => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const isPrescriber = useRole("doctor");
  const isPharmacist = useRole("pharmacist");
  if (!(isPrescriber || isPharmacist) || !session.allows("MedicationRequest", "u")) return null;
  const patient = request.subject.reference?.split("/").at(-1) ?? "";
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button size="xs" variant="default" aria-label={t("actionsFor", { medicine: request.medicationReference?.display ?? request.medicationCodeableConcept?.text ?? "" })}><IconDots size={18} /></Button></Menu.Target>
      <Menu.Dropdown>
        {isPrescriber && session.allows("MedicationRequest", "c") && <Menu.Item component={Link} href={`/patients/${patient}/order?renew=${request.id ?? ""}`}>{t("change.renew")}</Menu.Item>}
        {request.status === "active" && <Menu.Item onClick={() => onChoose("on-hold")}>{t("change.on-hold")}</Menu.Item>}
        {request.status === "on-hold" && <Menu.Item onClick={() => onChoose("active")}>{t("change.active")}</Menu.Item>}
        {request.status === "draft" ? <Menu.Item onClick={() => onChoose("cancelled")}>{t("change.cancelled")}</Menu.Item> : <Menu.Item color="red" onClick={() => onChoose("stopped")}>{t("change.stopped")}</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
