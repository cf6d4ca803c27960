import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Practitioner } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { plainName } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

const PAUSE_MS = 250;

/** Chooses one of the staff; without a label, whom an account belongs to: care relationships reach it through that. `value` is Practitioner/1. */
export function PractitionerPicker({ value, onChange, label, hint, error }: { value: string | null; onChange: (reference: string | null, name: string) => void; label?: string; hint?: string; error?: string }) {
  const { t } = useTexts();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const names = asked.split(/[\s,.()]+/).filter((part) => part !== "");
  const found = useSearch<Practitioner>("Practitioner", { active: true, _sort: "family", _count: 15, ...(names.length === 0 ? {} : { name: names }) }, { keep: true });
  const own = useSearch<Practitioner>("Practitioner", value?.startsWith("Practitioner/") === true ? { _id: value.slice("Practitioner/".length) } : undefined);
  const people = new Map([...resourcesOf<Practitioner>(own.data, "Practitioner"), ...resourcesOf<Practitioner>(found.data, "Practitioner")].map((one) => [`Practitioner/${one.id ?? ""}`, plainName(one.name)]));
  // Patients and relatives have accounts, too.
  if (value !== null && !people.has(value)) people.set(value, value);
  return (
    <Select
      label={label ?? t("isWho")} description={hint ?? t("isWhoHint")} error={error} searchable clearable value={value} onChange={(reference) => onChange(reference, people.get(reference ?? "") ?? "")} searchValue={typed} onSearchChange={setTyped}
      data={[...people].map(([reference, name]) => ({ value: reference, label: name === "" ? reference : name }))} filter={({ options }) => options}
      nothingFoundMessage={found.isFetching ? t("loading") : t("nothingFound")} clearButtonProps={{ "aria-label": t("clearOf", { what: label ?? t("isWho") }) }}
    />
  );
}
