import { Alert, Badge, Button, Group, SegmentedControl, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconClockExclamation, IconSearch } from "@tabler/icons-react";
import type { Bundle, Encounter, Flag, Observation, Patient, Task } from "fhir/r4";
import { useMemo, useState } from "react";
import { Link } from "wouter";

import { answerOf, idIn, resourcesOf } from "../../shared/fhir/bundle.ts";
import { useBatch, useSearch } from "../../shared/fhir/queries.ts";
import { age, ago, day, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { warningLevel, warningScore, wardRows, type Row } from "./ward.ts";

const MOST = 100;
const VITAL_CODES = "8867-4,9279-1,2708-6,85354-9,8310-5";

/** Who is in care here and now, the most urgent first. What one sees follows from the server's rules of access: a ward, or one's own patients. */
export default function MyPatients() {
  const { t } = useTexts();
  const { session } = useSmart();
  const [whose, setWhose] = useState("all");
  const me = session.grant.fhirUser;
  const isDoctor = me?.startsWith("Practitioner/") === true;
  const encounters = useSearch<Encounter>("Encounter", {
    status: "arrived,triaged,in-progress,onleave", _include: "Encounter:subject", _count: MOST, _sort: "-date",
    participant: whose === "mine" ? me : undefined,
  }, { about: ["Patient"], keep: true });
  const found = resourcesOf<Encounter>(encounters.data, "Encounter");
  const ids = [...new Set(found.map((one) => idIn(one.subject?.reference, "Patient")).filter((id) => id !== undefined))].sort().join(",");
  const urgent = useUrgent(encounters.data === undefined || ids === "" ? undefined : ids);

  return (
    <Stack gap="sm" maw={1180}>
      <Group justify="space-between">
        <Title order={1}>{t("myPatients")}</Title>
        <Group gap="xs">
          {isDoctor && (
            <SegmentedControl
              size="xs" aria-label={t("whose")} value={whose} onChange={setWhose}
              data={[{ value: "all", label: t("whoseAll") }, { value: "mine", label: t("whoseMine") }]}
            />
          )}
          {session.allows("Patient", "s") && <Button component={Link} href="/search" variant="default" leftSection={<IconSearch size={16} aria-hidden />}>{t("findPatient")}</Button>}
        </Group>
      </Group>
      <Loaded query={encounters} lines={8}>
        {(bundle) => <Ward bundle={bundle} urgent={urgent} />}
      </Loaded>
    </Stack>
  );
}

function useUrgent(ids: string | undefined) {
  // A day and a half back is enough to tell whether twelve hours have passed.
  const since = useMemo(() => new Date(new Date().getTime() - 36 * 3_600_000).toISOString().slice(0, 16), []);
  return useBatch(
    ids === undefined ? undefined : [
      `Observation?patient=${ids}&code=${VITAL_CODES}&date=ge${since}:00Z&_sort=-date&_count=500&_elements=subject,effective,code,status`,
      `Flag?patient=${ids}&_sort=-_lastUpdated&_count=200`,
      `Task?patient=${ids}&code=https://fhirserver.example/CodeSystem/task-code|acknowledge-alert&status=requested,received&_count=200`,
    ],
    ["Observation", "Flag", "Task"],
  );
}

function Ward({ bundle, urgent }: { bundle: Bundle; urgent: ReturnType<typeof useUrgent> }) {
  const { t } = useTexts();
  const read = (n: number) => answerOf<Bundle>(urgent.data, n);
  const rows = wardRows(
    resourcesOf<Encounter>(bundle, "Encounter"), resourcesOf<Patient>(bundle, "Patient"), resourcesOf<Observation>(read(0), "Observation"),
    resourcesOf<Flag>(read(1), "Flag"), resourcesOf<Task>(read(2), "Task"),
  );
  const isWhole = bundle.link?.some((link) => link.relation === "next") !== true;
  if (rows.length === 0) {
    return <Empty title={t("noPatients")}><Text c="dimmed" size="sm">{t("noPatientsText")}</Text></Empty>;
  }
  const isKnown = urgent.data !== undefined;
  return (
    <>
      {urgent.isError && <Alert role="alert" color="yellow" icon={<IconAlertTriangle aria-hidden />}>{t("urgentUnknown")}</Alert>}
      <Table className="fs-cards" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("patientColumn")}</Table.Th>
            <Table.Th scope="col">{t("place")}</Table.Th>
            <Table.Th scope="col">{t("reason")}</Table.Th>
            <Table.Th scope="col">{t("warning")}</Table.Th>
            <Table.Th scope="col">{t("vitals")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{rows.map((row) => <PatientRow key={row.patient.id} row={row} isKnown={isKnown && read(0) !== undefined} />)}</Table.Tbody>
      </Table>
      {!isWhole && <Text size="sm" c="dimmed">{t("firstOnly", { n: MOST })}</Text>}
    </>
  );
}

function PatientRow({ row, isKnown }: { row: Row; isKnown: boolean }) {
  const { t } = useTexts();
  const old = age(row.patient.birthDate);
  const level = warningLevel(row.warning);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        <Link href={`/patients/${row.patient.id ?? ""}`} style={{ color: "var(--fs-accent)", fontWeight: 600 }}>{formalName(row.patient.name) || t("notKnown")}</Link>
        <Text size="xs" c="dimmed">
          {[row.patient.birthDate === undefined ? `${t("born")} ${t("notKnown")}` : `${t("born")} ${day(row.patient.birthDate)}${old === undefined ? "" : ` (${t(`ageUnit.${old.unit}`, { n: old.n })})`}`,
            `${t("recordNumber")} ${recordNumber(row.patient.identifier) ?? t("notKnown")}`].join(" · ")}
        </Text>
      </Table.Th>
      <Table.Td data-label={t("place")}>{row.place}</Table.Td>
      <Table.Td data-label={t("reason")}>{row.reason}</Table.Td>
      <Table.Td>
        <Stack gap={2} align="flex-start">
          {row.alerts.map((task) => (
            <Badge key={task.id} tt="none" h="auto" style={{ whiteSpace: "normal" }} variant="light" color={task.priority === "stat" ? "red" : "yellow"} leftSection={<IconAlertTriangle size={12} aria-hidden />}>
              {t("openAlert", { what: task.reasonCode?.text ?? task.description ?? "" })}
            </Badge>
          ))}
          {row.warning !== undefined && (
            <Text size="sm" fw={600} c={level === 3 ? "var(--fs-critical)" : "var(--fs-warning)"}>{warningScore(row.warning)}</Text>
          )}
        </Stack>
      </Table.Td>
      <Table.Td data-label={t("vitals")}>
        {!isKnown ? "" : (
          <>
            {row.vitalsAt === undefined ? t("vitalsNone") : `${moment(row.vitalsAt)} · ${ago(row.vitalsAt)}`}
            {row.isOverdue && (
              <Text size="sm" fw={600} c="var(--fs-warning)"><IconClockExclamation size={14} aria-hidden style={{ verticalAlign: "-2px" }} /> {t("overdue")}</Text>
            )}
          </>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
