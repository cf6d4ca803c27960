import { Anchor, Table, Text } from "@mantine/core";
import type { Patient } from "fhir/r4";

import { useAsk } from "../../shared/fhir/queries.ts";
import { day, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { View } from "./definition.ts";
import { patientsOf, rowsOf, SHOWN, type Row } from "./run.ts";

const A_DATE = /^\d{4}-\d{2}-\d{2}$/;
const A_TIME = /^\d{4}-\d{2}-\d{2}T/;
const A_PATIENT = /^Patient\/[A-Za-z0-9.-]+$/;

/** The first rows of a report; `columns` are its columns in words, where it has those. */
export function Preview({ view, columns }: { view: View | string; columns: ReadonlySet<string> }) {
  const { t } = useTexts();
  const rows = useAsk<Row[]>([], ["report-rows", view], (fhir) => rowsOf(fhir, view));
  return (
    <section aria-label={t("preview")}>
      <Loaded query={rows} lines={8}>
        {(found) => {
          if (found.length === 0) return <Empty title={t("noRows")}><Text size="sm">{t("noRowsText")}</Text></Empty>;
          return (
            <>
              <Text size="sm" c="dimmed" role="status" mb="xs">{found.length > SHOWN ? t("firstRows", { n: SHOWN }) : t("allRows", { n: found.length })}</Text>
              <Rows rows={found.slice(0, SHOWN)} columns={columns} />
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

function Rows({ rows, columns }: { rows: readonly Row[]; columns: ReadonlySet<string> }) {
  const { t } = useTexts();
  const names = Object.keys(rows[0] ?? {});
  const label = (name: string) => (columns.has(name) ? t(`column.${name}`) : name);
  const references = [...new Set(rows.flatMap((row) => Object.values(row).filter((one): one is string => typeof one === "string" && A_PATIENT.test(one))))];
  const patients = useAsk<Map<string, Patient>>(["Patient"], references.length === 0 ? undefined : ["report-patients", ...references], (fhir) => patientsOf(fhir, references));
  return (
    <Table.ScrollContainer minWidth={Math.min(names.length, 8) * 110} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "group", "aria-label": t("preview") } }}>
      <Table className="fs-cards">
        <Table.Thead><Table.Tr>{names.map((name) => <Table.Th key={name} scope="col">{label(name)}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {rows.map((row, n) => (
            <Table.Tr key={n}>{names.map((name) => <Table.Td key={name} data-label={label(name)}><Cell value={row[name]} patients={patients.data} /></Table.Td>)}</Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Cell({ value, patients }: { value: unknown; patients: Map<string, Patient> | undefined }) {
  const { t } = useTexts();
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return t(value ? "operator.yes" : "operator.no");
  if (typeof value !== "string" && typeof value !== "number") return JSON.stringify(value);
  const text = String(value);
  if (A_PATIENT.test(text)) {
    const patient = patients?.get(text);
    return <Anchor href={`/apps/chart/patients/${text.slice("Patient/".length)}`}>{patient === undefined ? text : `${formalName(patient.name)} ${recordNumber(patient.identifier) ?? ""}`}</Anchor>;
  }
  if (A_DATE.test(text)) return day(text);
  return A_TIME.test(text) ? moment(text) : text;
}
