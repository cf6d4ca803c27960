import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Attributes } from "./dicom.ts";
import { cornersOf, differencesFrom } from "./overlay.ts";
import classes from "./viewer.module.css";

/** Whose report or document it is, as its own file says. */
export function FileHead({ file, patient }: { file: Attributes; patient?: Patient }) {
  const { t } = useTexts();
  const { patient: whose, study } = cornersOf(file);
  const differ = differencesFrom(patient, file);
  return (
    <>
      <p className={classes.whose}>
        <strong>{whose.name ?? t("unnamed")}</strong> · {t("born")} {whose.born ?? t("notKnown")} · {whose.id ?? ""} · {study.when ?? t("undated")}
      </p>
      {differ.length > 0 && <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />}>{t("mismatch", { what: differ.map((one) => t(`mismatchOf.${one}`)).join(", ") })}</Alert>}
    </>
  );
}
