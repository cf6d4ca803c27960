import { Alert, Group, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import type { Encounter, MedicationAdministration, MedicationRequest, Patient } from "fhir/r4";
import { useState } from "react";

import { idIn } from "../shared/fhir/bundle.ts";
import { allPages } from "../shared/fhir/pages.ts";
import { useAsk } from "../shared/fhir/queries.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { DoseList } from "./DoseList.tsx";
import { doses } from "./model/timing.ts";
import { patientsIn } from "./Who.tsx";

const HOUR_MS = 3_600_000;

/** The medicine round: every dose of one's patients around now, the overdue ones first in time. */
export default function Round() {
  const { t } = useTexts();
  const [which, setWhich] = useState("open");
  const query = useAsk(["MedicationRequest", "MedicationAdministration", "Encounter"], ["round"], async (fhir) => {
    const since = new Date(Date.now() - 12 * HOUR_MS).toISOString();
    const [stays, requests, given] = await Promise.all([
      allPages<Encounter | Patient>(fhir, "Encounter", { status: "in-progress", class: "IMP,ACUTE,NONAC,EMER,OBSENC", _include: "Encounter:patient", _count: 200 }),
      allPages<MedicationRequest>(fhir, "MedicationRequest", { status: "active", category: "inpatient", _count: 200 }),
      allPages<MedicationAdministration>(fhir, "MedicationAdministration", { "effective-time": `ge${since}`, _count: 500 }),
    ]);
    const place = new Map(stays.resources.filter((one) => one.resourceType === "Encounter").map((stay) => [idIn(stay.subject?.reference, "Patient") ?? "", stay.location?.find((one) => one.status === "active")?.location.display ?? ""]));
    return { requests: requests.resources.filter((one) => place.has(idIn(one.subject.reference, "Patient") ?? "")), given: given.resources, place, patients: patientsIn(stays.resources), isCut: stays.isCut || requests.isCut || given.isCut };
  });
  return (
    <Stack maw={1100} mx="auto">
      <Group justify="space-between">
        <Title order={1}>{t("round.title")}</Title>
        <SegmentedControl value={which} onChange={setWhich} aria-label={t("round.which")} data={[{ value: "open", label: t("round.open") }, { value: "all", label: t("round.all") }]} />
      </Group>
      <Loaded query={query} lines={8}>
        {({ requests, given, place, patients, isCut }) => {
          const now = new Date();
          const all = doses(requests, given, new Date(now.getTime() - 8 * HOUR_MS), new Date(now.getTime() + 4 * HOUR_MS), now);
          const shown = which === "all" ? all : all.filter((dose) => dose.standing === "overdue" || dose.standing === "due");
          return (
            <>
              {isCut && <Alert color="yellow" role="alert">{t("cut")}</Alert>}
              <Text c="dimmed">{t("round.summary", { overdue: all.filter((one) => one.standing === "overdue").length, due: all.filter((one) => one.standing === "due").length })}</Text>
              {shown.length === 0 ? <Empty title={t("round.none")}><Text size="sm">{t("round.noneHint")}</Text></Empty> : <DoseList doses={shown} patients={patients} where={(patient) => place.get(patient) ?? ""} />}
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}
