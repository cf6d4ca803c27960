import { Text } from "@mantine/core";
import type { Patient } from "fhir/r4";

import { age, day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

/** Whom it is about, by name, birth date, sex and record number: never by the name alone. */
export function PatientLine({ patient }: { patient: Patient | undefined }) {
  const { t } = useTexts();
  if (patient === undefined) return <Text fw={700} aria-busy>{"\u00a0"}</Text>;
  const old = age(patient.birthDate);
  const born = patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate) + (old === undefined ? "" : ` (${t(`ageUnit.${old.unit}`, { n: old.n })})`);
  return (
    <div>
      <Text fw={700} fz="lg">{formalName(patient.name) || t("noName")}</Text>
      <Text size="sm">
        <Text span c="dimmed" inherit>{t("born")}</Text> {born} · {t(`sex.${patient.gender ?? "unknown"}`)} · <Text span c="dimmed" inherit>{t("recordNumber")}</Text> {recordNumber(patient.identifier) ?? t("notKnown")}
      </Text>
    </div>
  );
}
