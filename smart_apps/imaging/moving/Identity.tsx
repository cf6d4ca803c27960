import type { Patient } from "fhir/r4";

import { day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

/** Who somebody is, with what tells them from others. */
export function Identity({ patient }: { patient: Patient }) {
  const { t } = useTexts();
  return (
    <>
      <strong>{formalName(patient.name) || t("unnamed")}</strong>{" "}
      <span>{t("born")} {patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)} · {recordNumber(patient.identifier) ?? t("notKnown")}</span>
    </>
  );
}
