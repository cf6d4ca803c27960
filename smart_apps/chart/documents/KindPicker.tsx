import { Autocomplete, NativeSelect, Stack } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { ValueSet } from "fhir/r4";
import { useState } from "react";

import { queryOf } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { ALL_KINDS, KINDS } from "./kinds.ts";

const OTHER = "other";
const PAUSE_MS = 250;
const MOST = 20;

export interface Kind {
  code: string;
  display: string;
}

/** What kind of document it is: of a short list, or any of HL7's document types, found by typing. */
export function KindPicker({ value, error, onChange }: { value: Kind | undefined; error?: string; onChange: (value: Kind | undefined) => void }) {
  const { t } = useTexts();
  const [isOther, setOther] = useState(false);
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const found = useAsk<ValueSet>([], isOther && asked.length > 1 ? ["expand", ALL_KINDS, asked] : undefined, (fhir) =>
    fhir.operation(`ValueSet/$expand?${queryOf({ url: ALL_KINDS, filter: asked, count: MOST })}`),
  );
  const kinds = (found.data?.expansion?.contains ?? []).flatMap((one) => (one.code === undefined ? [] : [{ code: one.code, display: one.display ?? one.code }]));
  const choose = (chosen: string) => {
    setOther(chosen === OTHER);
    setTyped("");
    onChange(KINDS.find(({ code }) => code === chosen));
  };
  return (
    <Stack gap="xs">
      <NativeSelect
        label={t("documentKind")} withAsterisk value={isOther ? OTHER : (value?.code ?? "")} error={isOther ? undefined : error} onChange={(event) => choose(event.currentTarget.value)}
        data={[{ value: "", label: t("chooseKind") }, ...KINDS.map(({ code }) => ({ value: code, label: t(`documentTypes.${code}`) })), { value: OTHER, label: t("kindOther") }]}
      />
      {isOther && (
        <Autocomplete
          label={t("kindOtherLabel")} withAsterisk value={typed} data={[...new Set(kinds.map(({ display }) => display))]} filter={({ options }) => options} maxDropdownHeight={260}
          error={error ?? (found.isError ? t("kindsUnread") : undefined)} description={value === undefined ? t("kindOtherHint") : `${value.code} · LOINC`}
          onChange={(text) => {
            setTyped(text);
            onChange(kinds.find(({ display }) => display === text));
          }}
        />
      )}
    </Stack>
  );
}
