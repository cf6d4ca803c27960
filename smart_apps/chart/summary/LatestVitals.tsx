import { Table, Text } from "@mantine/core";
import type { Observation } from "fhir/r4";

import { ago, moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { VITALS_HOURS } from "../lists/ward.ts";
import { Value, valueText } from "../../shared/format/Value.tsx";
import { CONSCIOUSNESS, direction, readingsOf, SIGNS, type Reading } from "../vitals/signs.ts";

const ARROW = { up: "↗", down: "↘", same: "→" } as const;

/** The newest value of each sign, where it went since the one before, and when it was taken. */
export function LatestVitals({ observations }: { observations: readonly Observation[] }) {
  const { t } = useTexts();
  const rows = [...SIGNS, { key: "consciousness", code: CONSCIOUSNESS }]
    .map((sign) => ({ key: sign.key, readings: readingsOf(sign, observations) }))
    .filter((row) => row.readings.length > 0);
  // A round is taken at one time, said once; what is older has its own.
  const latest = rows.map((row) => row.readings[0]?.at ?? "").sort((a, b) => Date.parse(b) - Date.parse(a))[0] ?? "";
  return (
    <>
    <Text size="sm" mb={4}><Taken at={latest} /></Text>
    <Table aria-label={t("vitals")} withRowBorders={false} verticalSpacing={2}>
      <Table.Tbody>
        {rows.map(({ key, readings: [newest, before] }) => newest !== undefined && (
          <Table.Tr key={key}>
            <Table.Th scope="row" fw={400} p={2}>{t(`sign.${key}`)}</Table.Th>
            <Table.Td p={2}><Value of={newest.value} /> <Arrow newest={newest} before={before} /></Table.Td>
            <Table.Td p={2} ta="right">{newest.at !== latest && <Taken at={newest.at} />}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
    </>
  );
}

function Arrow({ newest, before }: { newest: Reading; before: Reading | undefined }) {
  const { t } = useTexts();
  const where = direction(newest, before);
  if (where === undefined || before === undefined) return null;
  const text = t(`direction.${where}`, { before: valueText(before.value), at: moment(before.at) });
  return <span className="fs-unit" title={text}><span aria-hidden>{ARROW[where]}</span><span className="fs-hidden">{text}</span></span>;
}

/** Old values are told by words, not only by their colour. */
function Taken({ at }: { at: string }) {
  const { t } = useTexts();
  const isOld = useIsOld(at);
  return (
    <Text size="xs" c="dimmed" component="span">
      {moment(at)} · {ago(at)}{isOld && ` · ${t("old")}`}
    </Text>
  );
}

function useIsOld(at: string): boolean {
  return new Date().getTime() - Date.parse(at) > VITALS_HOURS * 3_600_000;
}
