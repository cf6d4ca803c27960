import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconSearch } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { day } from "../../shared/format/dates.ts";
import { chosen, formalName, recordNumber } from "../../shared/format/people.ts";
import { searchOf } from "../../shared/frame/patientSearch.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { PatientLine } from "./PatientLine.tsx";
import classes from "./booking.module.css";

/** A patient by name, birth date or record number; of several with one name it warns. */
export function FindPatient({ patient, onChoose, isFixed, error }: { patient: Patient | undefined; onChoose: (patient: Patient | undefined) => void; isFixed: boolean; error?: string }) {
  const { t } = useTexts();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 250);
  const query = useSearch<Patient>("Patient", asked.length > 1 ? searchOf(asked) : undefined, { keep: true });
  if (patient !== undefined) {
    return (
      <div className={classes.chosen}>
        <PatientLine patient={patient} />
        {!isFixed && <Button variant="default" size="xs" onClick={() => onChoose(undefined)}>{t("otherPatient")}</Button>}
        <SameName patient={patient} />
      </div>
    );
  }
  return (
    <div>
      <TextInput
        label={t("patient")} withAsterisk placeholder={t("searchHint")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} error={error}
        leftSection={<IconSearch size={18} aria-hidden />} data-autofocus autoComplete="off"
      />
      {asked.length > 1 && (
        <Loaded query={query} lines={2}>
          {(bundle) => {
            const found = resourcesOf<Patient>(bundle, "Patient");
            if (found.length === 0) return <Text size="sm" c="dimmed" mt="xs" role="status">{t("nothingFound")}</Text>;
            return (
              <Stack gap={4} mt="xs" component="ul" className={classes.options} aria-label={t("patientsFound")}>
                {found.map((one) => (
                  <li key={one.id}>
                    <button type="button" className={classes.option} onClick={() => onChoose(one)}>
                      <strong>{formalName(one.name) || t("noName")}</strong>
                      <span>{[`${t("born")} ${one.birthDate === undefined ? t("notKnown") : day(one.birthDate)}`, t(`sex.${one.gender ?? "unknown"}`), recordNumber(one.identifier)].filter(Boolean).join(" · ")}</span>
                    </button>
                  </li>
                ))}
              </Stack>
            );
          }}
        </Loaded>
      )}
    </div>
  );
}

/** Others with the same name: the birth date tells them apart. */
function SameName({ patient }: { patient: Patient }) {
  const { t } = useTexts();
  const name = chosen(patient.name);
  const query = useSearch<Patient>("Patient", name?.family === undefined ? undefined : { "family:exact": name.family, given: name.given?.[0], _count: 10 });
  const twins = resourcesOf<Patient>(query.data, "Patient").filter((one) => one.id !== patient.id);
  if (twins.length === 0) return null;
  return (
    <Alert color="yellow" role="alert" icon={<IconAlertTriangle aria-hidden />} title={t("sameName", { n: twins.length })}>
      {t("sameNameText", { born: patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate), others: twins.map((one) => (one.birthDate === undefined ? t("notKnown") : day(one.birthDate))).join(", ") })}
    </Alert>
  );
}
