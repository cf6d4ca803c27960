import { Anchor, Text } from "@mantine/core";
import type { Patient, Reference } from "fhir/r4";
import { Link } from "wouter";

import { idIn } from "../shared/fhir/bundle.ts";
import { day } from "../shared/format/dates.ts";
import { formalName, recordNumber } from "../shared/format/people.ts";
import { useTexts } from "../shared/i18n/i18n.ts";

/** Patients by their id: what rows of several patients name them by. */
export type Patients = ReadonlyMap<string, Patient>;

export function patientsIn(resources: readonly { resourceType: string }[]): Patients {
  return new Map(resources.filter((one): one is Patient => one.resourceType === "Patient").map((one) => [one.id ?? "", one]));
}

/** Whom a row is about: name, birth date and record number, leading to the patient's medicines. */
export function Who({ subject, patients, place }: { subject: Reference; patients: Patients; place?: string }) {
  const { t } = useTexts();
  const id = idIn(subject.reference, "Patient") ?? "";
  const patient = patients.get(id);
  const number = recordNumber(patient?.identifier);
  return (
    <>
      <Anchor component={Link} href={`/patients/${id}`} fw={600}>{patient === undefined ? (subject.display ?? t("hiddenPatient")) : formalName(patient.name)}</Anchor>
      {patient !== undefined && (
        <Text size="sm" c="dimmed">
          {t("born")} {patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)} · {t("recordNumber")} {number ?? t("notKnown")}
        </Text>
      )}
      {place !== undefined && place !== "" && <Text size="sm" c="dimmed">{place}</Text>}
    </>
  );
}
