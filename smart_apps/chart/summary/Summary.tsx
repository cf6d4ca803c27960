import { Anchor, Badge, Button, Card, Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { IconHeartPlus } from "@tabler/icons-react";
import type { Appointment, Bundle, CarePlan, Condition, DiagnosticReport, DocumentReference, Encounter, FhirResource, Flag, Goal, ImagingStudy, Immunization, MedicationRequest, Observation, Procedure, Task } from "fhir/r4";
import { useMemo, type ReactNode } from "react";
import { Link } from "wouter";

import { answerOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { useBatch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { ago, day, isoDay, moment } from "../../shared/format/dates.ts";
import { level, normalRange, range } from "../../shared/format/quantities.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { ALERT, placeOf, warningScore } from "../lists/ward.ts";
import { hasCode } from "../../shared/format/codes.ts";
import { Value } from "../../shared/format/Value.tsx";
import { changesSince, sinceYesterday } from "./changes.ts";
import { LatestVitals } from "./LatestVitals.tsx";
import { WhatChanged } from "./WhatChanged.tsx";

/** The record at a glance, with two requests: the banner's and this one. */
export default function Summary({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const since = useMemo(() => sinceYesterday(), []);
  const query = useBatch(
    [
      `Observation?patient=${patient}&category=vital-signs&_sort=-date&_count=60`,
      `Observation?patient=${patient}&category=laboratory&_sort=-date&_count=60`,
      `DiagnosticReport?patient=${patient}&_sort=-date&_count=20`,
      `Condition?patient=${patient}&clinical-status=active,recurrence,relapse&_sort=-recorded-date&_count=30`,
      `MedicationRequest?patient=${patient}&_sort=-authoredon&_count=50`,
      `Task?patient=${patient}&code=https://fhirserver.example/CodeSystem/task-code|acknowledge-alert&_sort=-authored-on&_count=10`,
      `DocumentReference?patient=${patient}&_sort=-date&_count=5&_elements=type,category,date,status,author,subject`,
      `Encounter?patient=${patient}&_sort=-date&_count=5`,
      `Appointment?patient=${patient}&date=ge${isoDay()}&_sort=date&_count=5`,
      `CarePlan?patient=${patient}&status=active&_count=5`,
      `Goal?patient=${patient}&lifecycle-status=active&_count=10`,
      `Procedure?patient=${patient}&_sort=-date&_count=5`,
      `Immunization?patient=${patient}&_sort=-date&_count=5`,
      `ImagingStudy?patient=${patient}&_sort=-started&_count=5`,
    ],
    ["Observation", "DiagnosticReport", "Condition", "MedicationRequest", "Task", "DocumentReference", "Encounter", "Appointment", "CarePlan", "Goal", "Procedure", "Immunization", "ImagingStudy"],
  );
  return (
    <Loaded query={query} lines={14}>
      {(bundle) => {
        const of = <T extends FhirResource>(n: number, type: T["resourceType"]): T[] | undefined => {
          const answer = answerOf<Bundle>(bundle, n);
          return answer === undefined ? undefined : resourcesOf<T>(answer, type);
        };
        const labs = of<Observation>(1, "Observation");
        const medications = of<MedicationRequest>(4, "MedicationRequest");
        const encounters = of<Encounter>(7, "Encounter");
        const changes = changesSince(since, {
          labs: labs ?? [], reports: of<DiagnosticReport>(2, "DiagnosticReport") ?? [], medications: medications ?? [],
          tasks: of<Task>(5, "Task") ?? [], notes: of<DocumentReference>(6, "DocumentReference") ?? [], encounters: encounters ?? [],
          problems: of<Condition>(3, "Condition") ?? [], procedures: of<Procedure>(11, "Procedure") ?? [], immunizations: of<Immunization>(12, "Immunization") ?? [], images: of<ImagingStudy>(13, "ImagingStudy") ?? [],
        });
        return (
          <Stack gap="md" maw={1320}>
            <Stay patient={patient} encounter={encounters?.find((one) => ["arrived", "triaged", "in-progress", "onleave"].includes(one.status))} canRecord={session.allows("Observation", "c")} />
            <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md">
              <Part title={t("changed", { since: day(since) })} more={`/patients/${patient}/timeline`}>
                <WhatChanged patient={patient} changes={changes} isWhole={[1, 2, 3, 4, 5, 6, 7, 11, 12, 13].every((n) => answerOf(bundle, n) !== undefined)} />
              </Part>
              <Part title={t("vitals")} more={`/patients/${patient}/vitals`}>
                <Known data={of<Observation>(0, "Observation")} empty={t("vitalsNoneEver")}>{(all) => <LatestVitals observations={all} />}</Known>
              </Part>
              <Part title={t("abnormal")} more={`/patients/${patient}/results`}>
                <Known data={labs} empty={t("resultsNone")}>{(all) => <Abnormal labs={all} />}</Known>
              </Part>
              <Part title={t("problems")} more={`/patients/${patient}/problems`}>
                <Known data={of<Condition>(3, "Condition")} empty={t("problemsNone")}>
                  {(all) => <List items={distinct(all).map((one) => [one.id ?? "", words(one.code), day(one.onsetDateTime ?? one.recordedDate)])} />}
                </Known>
              </Part>
              <Part title={t("medications")} more={`/patients/${patient}/medications`}>
                <Known data={medications?.filter((one) => ["active", "on-hold"].includes(one.status))} empty={t("medicationsNone")}>
                  {(all) => <List items={all.map((one) => [one.id ?? "", words(one.medicationCodeableConcept) || (one.medicationReference?.display ?? ""), [one.dosageInstruction?.map((dose) => dose.text).filter(Boolean).join("; "), one.status === "on-hold" ? t("onHold") : ""].filter(Boolean).join(" · ")])} />}
                </Known>
              </Part>
              <Part title={t("upcoming")}>
                <Known data={of<Appointment>(8, "Appointment")?.filter((one) => ["booked", "pending", "proposed", "arrived", "checked-in"].includes(one.status))} empty={t("upcomingNone")}>
                  {(all) => <List items={all.map((one) => [one.id ?? "", one.description ?? words(one.serviceType?.[0]), moment(one.start)])} />}
                </Known>
              </Part>
              <Part title={t("plan")} more={`/patients/${patient}/plan`}>
                <Known data={of<Goal>(10, "Goal")} empty={t("goalsNone")}>
                  {(all) => <List items={[...(of<CarePlan>(9, "CarePlan") ?? []).map((one): [string, string, string] => [one.id ?? "", one.title ?? words(one.category?.[0]), day(one.period?.start)]), ...all.map((one): [string, string, string] => [one.id ?? "", words(one.description), words(one.achievementStatus)])]} />}
                </Known>
              </Part>
            </SimpleGrid>
          </Stack>
        );
      }}
    </Loaded>
  );
}

/** Where the patient is now, the early warning, and the way to the most frequent entry. */
function Stay({ patient, encounter, canRecord }: { patient: string; encounter: Encounter | undefined; canRecord: boolean }) {
  const { t } = useTexts();
  const { flags } = usePatientBatch(patient);
  const warning = resourcesOf<Flag>(flags, "Flag").find((one) => one.status === "active" && hasCode(one.code, "early-warning", ALERT));
  return (
    <Group justify="space-between" align="flex-start">
      <div>
        {encounter === undefined ? <Text c="dimmed">{t("notHere")}</Text> : (
          <Text><strong>{placeOf(encounter) || (encounter.class.display ?? "")}</strong> · {t("sinceMoment", { at: moment(encounter.period?.start) })} · {encounter.reasonCode?.map(words).join(", ")}</Text>
        )}
        {warning !== undefined && <Text size="sm">{warningScore(warning)} <span className="fs-unit">{moment(warning.period?.start)} · {ago(warning.period?.start)}</span></Text>}
      </div>
      {canRecord && <Button component={Link} href={`/patients/${patient}/vitals/new`} leftSection={<IconHeartPlus size={18} aria-hidden />} className="fs-noprint">{t("recordVitals")}</Button>}
    </Group>
  );
}

function Part({ title, more, children }: { title: string; more?: string; children: ReactNode }) {
  const { t } = useTexts();
  return (
    <Card component="section" aria-label={title}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h3">{title}</Title>
        {more !== undefined && <Anchor component={Link} href={more} size="sm" aria-label={t("showAll", { what: title })}>{t("all")}</Anchor>}
      </Group>
      {children}
    </Card>
  );
}

/** Not to be seen, nothing there, or the list: three different things. */
function Known<T>({ data, empty, children }: { data: T[] | undefined; empty: string; children: (data: T[]) => ReactNode }) {
  const { t } = useTexts();
  if (data === undefined) return <Text size="sm" c="var(--fs-warning)">{t("partMissing")}</Text>;
  if (data.length === 0) return <Text size="sm" c="dimmed">{empty}</Text>;
  return children(data);
}

function List({ items }: { items: readonly (readonly [id: string, text: string, more: string])[] }) {
  return (
    <Stack component="ul" gap={6} m={0} p={0} style={{ listStyle: "none" }}>
      {items.map(([id, text, more]) => (
        <li key={id}><Text size="sm">{text} {more !== "" && <span className="fs-unit">{more}</span>}</Text></li>
      ))}
    </Stack>
  );
}

/** The newest of each test, those that are out of range. */
function Abnormal({ labs }: { labs: readonly Observation[] }) {
  const { t } = useTexts();
  const seen = new Set<string>();
  const latest = labs.filter((one) => {
    const code = one.code.coding?.[0]?.code ?? words(one.code);
    if (one.status === "entered-in-error" || seen.has(code)) return false;
    seen.add(code);
    return true;
  });
  const abnormal = latest.filter((one) => !["N", undefined].includes(level(one)));
  if (abnormal.length === 0) return <Text size="sm" c="dimmed">{t("abnormalNone")}</Text>;
  return (
    <Table aria-label={t("abnormal")} withRowBorders={false} verticalSpacing={2}>
      <Table.Tbody>
        {abnormal.slice(0, 12).map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row" fw={400} p={2}>{words(one.code)}{one.status === "preliminary" && <Badge ml={6} size="xs" color="yellow" variant="light" tt="none">{t("preliminary")}</Badge>}<Text size="xs" c="dimmed">{moment(one.effectiveDateTime)} · {ago(one.effectiveDateTime)}</Text></Table.Th>
            <Table.Td p={2}><Value of={one} /> <span className="fs-unit" style={{ whiteSpace: "nowrap" }}>{range(normalRange(one)) || t("noRange")}</span></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** A problem that several encounters have is one line. */
function distinct(conditions: readonly Condition[]): Condition[] {
  return [...new Map(conditions.toReversed().map((one) => [words(one.code), one])).values()].toReversed();
}
