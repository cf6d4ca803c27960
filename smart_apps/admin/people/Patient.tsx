import { Text } from "@mantine/core";
import type { Patient } from "fhir/r4";

import { day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

/** Birth date and record number: what tells two of one name apart. */
export function usePatientDetails(): (patient: Patient) => string {
  const { t } = useTexts();
  return (patient) => [`${t("born")} ${patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}`, `${t("recordNumber")} ${recordNumber(patient.identifier) ?? t("notKnown")}`].join(" · ");
}

/** Whose record it is, never by the name alone. */
export function PatientLine({ patient, id }: { patient: Patient | undefined; id: string }) {
  const { t } = useTexts();
  const details = usePatientDetails();
  if (patient === undefined) return <Text span>{t("patientUnknown", { id })}</Text>;
  return (
    <>
      <Text span fw={600}>{formalName(patient.name) || t("nameless")}</Text>{" "}
      <Text span size="sm" c="dimmed">{details(patient)}</Text>
    </>
  );
}
