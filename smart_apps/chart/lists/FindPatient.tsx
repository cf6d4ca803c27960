import { Alert, Anchor, Button, Group, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconUserPlus } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { age, day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { searchOf } from "../../shared/frame/patientSearch.ts";

const MOST = 30;

/** Find a patient by name, birth date or record number (typed or scanned), or register a new one. */
export default function FindPatient() {
  const { t } = useTexts();
  const me = useMe();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 250);
  const query = useSearch<Patient>("Patient", asked.length > 1 ? searchOf(asked, MOST) : undefined, { keep: true });
  const mayRegister = me?.roles.includes("reception") === true;
  return (
    <Stack gap="sm" maw={960}>
      <Group justify="space-between">
        <Title order={1}>{t("findPatient")}</Title>
        {mayRegister && <Button component={Link} href="/register" leftSection={<IconUserPlus size={18} aria-hidden />}>{t("register")}</Button>}
      </Group>
      <TextInput
        label={t("findLabel")} description={t("findHint")} value={typed} size="md" autoComplete="off" spellCheck={false} data-autofocus
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {asked.length > 1 && (
        <Loaded query={query}>
          {(bundle) => {
            const found = resourcesOf<Patient>(bundle, "Patient");
            if (found.length === 0) return <Empty title={t("foundNone")}><Text size="sm" c="dimmed">{t("foundNoneText")}</Text></Empty>;
            return (
              <>
                <SameName patients={found} />
                <Table className="fs-cards" highlightOnHover aria-label={t("findPatient")}>
                  <Table.Thead><Table.Tr><Table.Th scope="col">{t("patientColumn")}</Table.Th><Table.Th scope="col">{t("born")}</Table.Th><Table.Th scope="col">{t("sexColumn")}</Table.Th><Table.Th scope="col">{t("recordNumber")}</Table.Th></Table.Tr></Table.Thead>
                  <Table.Tbody>{found.map((one) => <Found key={one.id} patient={one} />)}</Table.Tbody>
                </Table>
                {bundle.link?.some((link) => link.relation === "next") === true && <Text size="sm" c="dimmed">{t("moreFound")}</Text>}
              </>
            );
          }}
        </Loaded>
      )}
    </Stack>
  );
}

function Found({ patient }: { patient: Patient }) {
  const { t } = useTexts();
  const old = age(patient.birthDate);
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}><Anchor component={Link} href={`/patients/${patient.id ?? ""}`} fw={600}>{formalName(patient.name) || t("notKnown")}</Anchor>{patient.active === false && ` (${t("inactive")})`}</Table.Th>
      <Table.Td data-label={t("born")}>{patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}{old !== undefined && ` (${t(`ageUnit.${old.unit}`, { n: old.n })})`}</Table.Td>
      <Table.Td data-label={t("sexColumn")}>{t(`sex.${patient.gender ?? "unknown"}`)}</Table.Td>
      <Table.Td data-label={t("recordNumber")}>{recordNumber(patient.identifier) ?? t("notKnown")}</Table.Td>
    </Table.Tr>
  );
}

/** Two of the same name: look at the birth date. */
function SameName({ patients }: { patients: readonly Patient[] }) {
  const { t } = useTexts();
  const names = patients.map((one) => formalName(one.name));
  const twice = [...new Set(names.filter((name, n) => name !== "" && names.indexOf(name) !== n))];
  if (twice.length === 0) return null;
  return <Alert role="alert" color="yellow" icon={<IconAlertTriangle aria-hidden />}>{t("sameName", { names: twice.join("; ") })}</Alert>;
}
