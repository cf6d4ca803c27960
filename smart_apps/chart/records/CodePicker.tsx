import { Autocomplete } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { CodeSystem, Coding, ValueSet } from "fhir/r4";

import { queryOf } from "../../shared/fhir/client.ts";
import { useAsk, useSearch } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

export interface Coded {
  text: string;
  coding?: Coding;
}

/** A word with its code, from the server's SNOMED CT if it has it, else from a short list; free text is taken as such, and said to be. */
export function CodePicker({ label, valueSet, offered = [], value, error, onChange }: {
  label: string;
  /** Canonical of a value set of SNOMED CT; codes are looked up in it while typing. */
  valueSet: string;
  offered?: readonly Coding[];
  value: Coded;
  error?: string;
  onChange: (value: Coded) => void;
}) {
  const { t } = useTexts();
  const [asked] = useDebouncedValue(value.text.trim(), 250);
  const system = useSearch<CodeSystem>("CodeSystem", { url: "http://snomed.info/sct", _summary: "count" });
  const isThere = (system.data?.total ?? 0) > 0;
  const found = useAsk<ValueSet>([], isThere && asked.length > 2 ? ["expand", valueSet, asked] : undefined, (fhir) =>
    fhir.operation(`ValueSet/$expand?${queryOf({ url: valueSet, filter: asked, count: 20 })}`),
  );
  const typed = value.text.trim().toLocaleLowerCase();
  const short = offered.filter((one) => one.display?.toLocaleLowerCase().includes(typed) === true);
  const codes: Coding[] = isThere ? (found.data?.expansion?.contains ?? []) : short;
  const names = [...new Set(codes.map((one) => one.display ?? one.code ?? "").filter((name) => name !== ""))];
  const hint = value.coding !== undefined ? `${value.coding.code ?? ""} · ${value.coding.system ?? ""}` : value.text.trim() === "" ? t("codeHint") : t("freeText");
  return (
    <Autocomplete
      label={label} withAsterisk value={value.text} data={names} filter={({ options }) => options} error={error} maxDropdownHeight={260} description={hint}
      onChange={(text) => {
        const code = codes.find((one) => (one.display ?? one.code) === text);
        onChange({ text, coding: code === undefined ? undefined : { system: code.system, code: code.code, display: code.display } });
      }}
    />
  );
}
