import { Badge, Button, Group, SimpleGrid, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import type { AuditEvent, Patient } from "fhir/r4";
import { useState } from "react";
import { useSearchParams } from "wouter";

import { looksOf, type Look } from "../../shared/audit/looks.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { isoDay, moment, time } from "../../shared/format/dates.ts";
import { download } from "../../shared/forms/download.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useClientNames } from "../clients/clients.ts";
import { PatientLine } from "../people/Patient.tsx";
import { PatientPicker } from "../people/PatientPicker.tsx";
import { usePatients } from "../people/patients.ts";
import { nameIn, useUsersOf, type User } from "../people/users.ts";
import { csv, disclosures } from "./disclosures.ts";
import { rowOf } from "./events.ts";
import { filterOf } from "./filter.ts";
import { useKinds, useOptional, useSentence, useWho } from "./sentence.ts";
import { TrailNav } from "./TrailNav.tsx";

/** Who has seen or changed a patient's data: to read, print and keep. */
export default function Disclosures() {
  const { t } = useTexts();
  const [query, setQuery] = useSearchParams();
  const { patient, from, to } = filterOf(query);
  const [values, setValues] = useState<{ patient: string | null; from: string; to: string }>({ patient: patient === "" ? null : patient, from, to });
  const [isAsked, setAsked] = useState(false);
  return (
    <Stack gap="md">
      <Title order={1}>{t("disclosures")}</Title>
      <TrailNav />
      <Text className="fs-noprint">{t("disclosuresLead")}</Text>
      <form className="fs-noprint" aria-label={t("disclosures")} onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (values.patient !== null) setQuery({ patient: values.patient, ...(values.from === "" ? {} : { from: values.from }), ...(values.to === "" ? {} : { to: values.to }) });
      }}>
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
          <PatientPicker label={t("patientBanner")} required value={values.patient} onChange={(id) => setValues({ ...values, patient: id })} error={isAsked && values.patient === null ? t("choosePatient") : undefined} />
          <TextInput type="date" label={t("from")} description={t("optional")} value={values.from} onChange={(event) => setValues({ ...values, from: event.currentTarget.value })} />
          <TextInput type="date" label={t("to")} description={t("optional")} value={values.to} onChange={(event) => setValues({ ...values, to: event.currentTarget.value })} />
        </SimpleGrid>
        <Button type="submit" mt="sm">{t("makeReport")}</Button>
      </form>
      {patient !== "" && <Report key={`${patient} ${from} ${to}`} patient={patient} from={from} to={to} />}
    </Stack>
  );
}

function Report({ patient, from, to }: { patient: string; from: string; to: string }) {
  const { t } = useTexts();
  const { config } = useSmart();
  const known = usePatients([patient]).get(patient);
  const query = useAsk([], ["disclosures", patient, from, to], (fhir) => disclosures(fhir, patient, from, to));
  const people = useUsersOf((query.data?.events ?? []).map((event) => rowOf(event).person ?? {}));
  const save = useCsv(known, people);
  return (
    <Loaded query={query} lines={8}>
      {({ events, isCut }) => {
        if (events.length === 0) return <Empty title={t("disclosuresNone")} />;
        return (
          <>
            <Group gap="xs" className="fs-noprint">
              <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
              <Button variant="default" leftSection={<IconDownload size={18} aria-hidden />} onClick={() => save(events)}>{t("saveCsv")}</Button>
            </Group>
            <div>
              <Text>{config.siteName}</Text>
              <div><PatientLine patient={known} id={patient} /></div>
              <Text size="sm">{t("reportSpan", { from: from === "" ? t("reportBegin") : moment(from), to: to === "" ? moment(new Date()) : moment(to), n: events.length })}</Text>
              {isCut && <Text role="status" fw={600}>{t("reportCut")}</Text>}
            </div>
            <Looks looks={looksOf(events)} users={people} />
          </>
        );
      }}
    </Loaded>
  );
}

/** What one person did without a pause is one line. */
function Looks({ looks, users }: { looks: readonly Look[]; users: readonly User[] | undefined }) {
  const { t } = useTexts();
  const optional = useOptional();
  const kindsOf = useKinds();
  const clients = useClientNames();
  return (
    <Table className="fs-cards" bg="var(--mantine-color-body)" aria-label={t("disclosures")}>
      <Table.Thead>
        <Table.Tr><Table.Th scope="col" w="14rem">{t("when")}</Table.Th><Table.Th scope="col">{t("who")}</Table.Th><Table.Th scope="col">{t("whatHappened")}</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {looks.map((look) => (
          <Table.Tr key={look.id}>
            <Table.Td data-label={t("when")}>{moment(look.first)}{moment(look.first) !== moment(look.last) && `–${moment(look.first).slice(0, 11) === moment(look.last).slice(0, 11) ? time(look.last) : moment(look.last)}`}</Table.Td>
            <Table.Th scope="row" fw={400}>
              {look.isAutomatic ? t("byItselfShort") : (nameIn(users, { reference: look.reference }) || clients.get(look.who)) ?? (look.who || t("somebody"))}
              {look.role !== "" && <Text span c="dimmed"> · {optional(`role.${look.role}`) ?? look.role}</Text>}
            </Table.Th>
            <Table.Td data-label={t("whatHappened")}>
              {t(look.isChange ? "seenChanged" : "seenRead", { what: kindsOf(look.types.length === 0 ? ["Patient"] : look.types) })}{" "}
              {look.isEmergency && <Badge variant="light" color="yellow">{t("emergency")}</Badge>}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Each event as a line of a file, in words. */
function useCsv(patient: Patient | undefined, users: readonly User[] | undefined): (events: readonly AuditEvent[]) => void {
  const { t } = useTexts();
  const optional = useOptional();
  const sentence = useSentence();
  const whoOf = useWho();
  const clients = useClientNames();
  return (events) => {
    const names = { users, clients, patients: new Map(patient?.id === undefined ? [] : [[patient.id, patient]]) };
    const rows = events.map((event) => {
      const row = rowOf(event);
      return [row.at, whoOf(row, names), (row.person?.roles ?? []).map((role) => optional(`role.${role}`) ?? role).join("; "), sentence(row, names), clients.get(row.client) ?? row.client, row.isEmergency ? t("emergency") : "", row.id];
    });
    const head = [t("when"), t("who"), t("role.title"), t("whatHappened"), t("through"), t("emergency"), "AuditEvent"];
    // Spreadsheets take UTF-8 for what it is by its mark only.
    download(new Blob(["\ufeff", csv([head, ...rows])], { type: "text/csv;charset=utf-8" }), `disclosures-${isoDay()}.csv`);
  };
}
