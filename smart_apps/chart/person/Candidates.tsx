import { Badge, Button, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconCheck, IconEqualNot, IconTilde } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useEffect, useRef, useState } from "react";

import { day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts, type T } from "../../shared/i18n/i18n.ts";
import classes from "./form.module.css";
import { COMPARED, valuesOf, type Agreement, type Candidate, type Compared } from "./match.ts";

const FIRST = 4;
const COLORS = { certain: "red", probable: "yellow", possible: "gray" } as const;

/** Records that may be of the same person, each beside what was typed: what agrees, and what differs. */
export function Candidates({ typed, found, onOpen, onBack, onNew, isBusy }: {
  typed: Patient;
  found: readonly Candidate[];
  onOpen: (id: string) => void;
  onBack: () => void;
  onNew: () => void;
  isBusy: boolean;
}) {
  const { t } = useTexts();
  const [isAll, setAll] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <Stack gap="sm">
      <Title order={2} ref={heading} tabIndex={-1}>{t("alikeTitle")}</Title>
      <Text>{t("alikeText")}</Text>
      {(isAll ? found : found.slice(0, FIRST)).map((one) => <One key={one.patient.id} typed={typed} one={one} onOpen={onOpen} />)}
      {found.length > FIRST && !isAll && <Group><Button variant="subtle" onClick={() => setAll(true)}>{t("showMore", { n: found.length - FIRST })}</Button></Group>}
      <Group justify="space-between">
        <Button variant="default" onClick={onBack}>{t("backToForm")}</Button>
        <Button variant="default" loading={isBusy} onClick={onNew} classNames={{ root: classes.long, label: classes.longLabel }}>{t("alikeNew", { name: formalName(typed.name) })}</Button>
      </Group>
    </Stack>
  );
}

function One({ typed, one, onOpen }: { typed: Patient; one: Candidate; onOpen: (id: string) => void }) {
  const { t } = useTexts();
  const { patient } = one;
  const name = formalName(patient.name) || t("notKnown");
  const fields = COMPARED.filter((field) => valuesOf(typed, field).length > 0 || valuesOf(patient, field).length > 0);
  return (
    <Card component="article" aria-label={name}>
      <Group justify="space-between" mb="xs">
        <Group gap="xs"><Title order={3}>{name}</Title><Badge color={COLORS[one.grade]} variant="light" tt="none">{t(`grade.${one.grade}`)}</Badge></Group>
        <Button variant="filled" size="compact-md" onClick={() => onOpen(patient.id ?? "")} aria-label={t("alikeOpenOf", { name, number: recordNumber(patient.identifier) ?? t("notKnown") })}>{t("alikeOpen")}</Button>
      </Group>
      <Table className="fs-cards" aria-label={t("compareWith", { name })} verticalSpacing={2} withRowBorders={false}>
        <Table.Thead><Table.Tr><Table.Th scope="col">{t("fieldColumn")}</Table.Th><Table.Th scope="col">{t("typedColumn")}</Table.Th><Table.Th scope="col">{t("recordColumn")}</Table.Th><Table.Th scope="col">{t("agreementColumn")}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>
          {fields.map((field) => (
            <Table.Tr key={field}>
              <Table.Th scope="row" fw={400}>{t(`compared.${field}`)}</Table.Th>
              <Table.Td data-label={t("typedColumn")}><Values field={field} of={typed} t={t} /></Table.Td>
              <Table.Td data-label={t("recordColumn")}><Values field={field} of={patient} t={t} /></Table.Td>
              <Table.Td><Verdict of={one.agreements[field]} t={t} /></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

function Values({ field, of, t }: { field: Compared; of: Patient; t: T }) {
  const values = valuesOf(of, field);
  if (values.length === 0) return <Text span c="dimmed" size="sm">{t("notKnown")}</Text>;
  return <>{values.map((value, n) => <div key={n}><bdi>{field === "birthDate" ? day(value) : field === "gender" ? t(`sex.${value}`) : value}</bdi></div>)}</>;
}

/** In a word and a sign, and in colour last. */
function Verdict({ of, t }: { of: Agreement | undefined; t: T }) {
  if (of === undefined) return <Text span c="dimmed" size="sm">{t("agreement.unknown")}</Text>;
  const word = t(`agreement.${of.level.replaceAll(" ", "-")}`);
  const Icon = of.speaks === "against" ? IconEqualNot : of.level === "same" ? IconCheck : IconTilde;
  const color = of.speaks === "against" ? "var(--fs-critical)" : of.level === "same" ? "var(--fs-good)" : "var(--fs-warning)";
  return <Text span size="sm" fw={600} c={color}><Icon size={14} aria-hidden style={{ verticalAlign: "-2px" }} /> {word}</Text>;
}
