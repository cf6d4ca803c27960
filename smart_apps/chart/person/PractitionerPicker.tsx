import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Practitioner, Reference } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { plainName } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

/** The general practitioner, found by name. */
export function PractitionerPicker({ value, onChange }: { value: Reference | undefined; onChange: (value: Reference | undefined) => void }) {
  const { t } = useTexts();
  const shown = value?.display ?? value?.reference ?? "";
  const [typed, setTyped] = useState(shown);
  const [asked] = useDebouncedValue(typed.trim(), 250);
  const query = useSearch<Practitioner>("Practitioner", asked.length > 1 && asked !== shown ? { name: asked.split(/[\s,]+/), _sort: "family,given", _count: 12 } : undefined, { keep: true });
  const found = resourcesOf<Practitioner>(query.data, "Practitioner").map((one) => ({ value: `Practitioner/${one.id ?? ""}`, label: plainName(one.name) }));
  const options = [...(value?.reference === undefined || found.some((one) => one.value === value.reference) ? [] : [{ value: value.reference, label: shown }]), ...found];
  return (
    <Select
      label={t("practitioner")} description={t("practitionerHint")} searchable clearable value={value?.reference ?? null} data={options} filter={(given) => given.options}
      searchValue={typed} onSearchChange={setTyped} nothingFoundMessage={asked.length > 1 && query.isSuccess ? t("nothingFound") : undefined}
      clearButtonProps={{ "aria-label": t("removeOf", { what: t("practitioner") }) }} comboboxProps={{ withinPortal: false }}
      onChange={(reference, option) => onChange(reference === null ? undefined : { reference, display: (option as { label: string } | null)?.label })}
    />
  );
}
