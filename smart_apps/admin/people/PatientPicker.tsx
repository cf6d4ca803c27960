import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Patient } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { formalName } from "../../shared/format/people.ts";
import { searchOf } from "../../shared/frame/patientSearch.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { usePatientDetails } from "./Patient.tsx";
import { usePatients } from "./patients.ts";

const PAUSE_MS = 250;
const MOST = 12;

/** Chooses a patient by name, birth date or record number; `value` is the id. */
export function PatientPicker({ label, error, value, required = false, onChange }: { label: string; error?: string; value: string | null; required?: boolean; onChange: (id: string | null) => void }) {
  const { t } = useTexts();
  const details = usePatientDetails();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const chosen = usePatients(value === null ? [] : [value]).get(value ?? "");
  const labelOf = (patient: Patient) => `${formalName(patient.name) || t("nameless")}, ${details(patient)}`;
  const isChosen = chosen !== undefined && asked === labelOf(chosen);
  const query = useSearch<Patient>("Patient", asked.length < 2 || isChosen ? undefined : searchOf(asked, MOST), { keep: true });
  const found = asked.length < 2 || isChosen ? [] : resourcesOf<Stored<Patient>>(query.data, "Patient");
  const data = [...(chosen === undefined || found.some((one) => one.id === chosen.id) ? [] : [chosen]), ...found].map((one) => ({ value: one.id, label: labelOf(one) }));
  return (
    <Select
      label={label} error={query.isError ? t("failedTitle") : error} withAsterisk={required} placeholder={t("searchHint")} searchable clearable data={data} filter={({ options }) => options}
      value={value} onChange={onChange} searchValue={typed} onSearchChange={setTyped} clearButtonProps={{ "aria-label": t("clearOf", { what: label }) }}
      nothingFoundMessage={asked.length < 2 ? t("typeMore") : query.isFetching ? t("loading") : t("nothingFound")}
    />
  );
}
