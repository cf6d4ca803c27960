import { Autocomplete } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Bundle, CodeableConcept, Coding, Condition, Observation } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

const LEAST = 2;
const LOOKED_AT = 100;

export interface Chosen {
  /** A token: system|code; empty while nothing is chosen. */
  code: string;
  name: string;
}

/** A code that is in use, found by its words among what the user may see. */
export function CodeField({ label, type, chosen, offered, error, onChange }: {
  label: string;
  type: "Observation" | "Condition";
  chosen: Chosen;
  offered: readonly Chosen[];
  error?: string;
  onChange: (chosen: Chosen) => void;
}) {
  const { t } = useTexts();
  const [typed, setTyped] = useState(chosen.name);
  const [asked] = useDebouncedValue(typed.trim(), 300);
  const isNew = asked.length >= LEAST && asked !== chosen.name;
  const found = useAsk<Bundle<Observation | Condition>>([type], isNew ? ["codes", type, asked] : undefined, (fhir) =>
    fhir.search<Observation | Condition>(type, { "code:text": asked, _count: LOOKED_AT, _elements: "code,component" }));
  const others = resourcesOf<Observation | Condition>(found.data, type).flatMap(conceptsOf).flatMap(codesOf);
  const all = [...new Map([...offered, ...others].map((one) => [one.code, one])).values()];
  const fits = (one: Chosen) => one.name.toLocaleLowerCase().includes(typed.trim().toLocaleLowerCase());
  const names = [...new Set(all.filter(fits).map((one) => one.name))];
  const hint = chosen.code !== "" && chosen.name === typed ? codeWords(chosen.code) : typed.trim() === "" ? t("codeSearchHint") : t("codeChoose");
  return (
    <Autocomplete
      label={label} value={typed} data={names} filter={({ options }) => options} maxDropdownHeight={280} description={hint} error={error} style={{ flex: "1 1 14rem" }}
      onChange={(text) => {
        setTyped(text);
        const code = all.find((one) => one.name === text);
        if (code !== undefined) onChange(code);
        else if (chosen.code !== "") onChange({ code: "", name: "" });
      }}
    />
  );
}

function conceptsOf(one: Observation | Condition): CodeableConcept[] {
  const own = one.code === undefined ? [] : [one.code];
  return one.resourceType === "Observation" ? [...own, ...(one.component ?? []).map((part) => part.code)] : own;
}

function codesOf(concept: CodeableConcept): Chosen[] {
  const isCoded = (one: Coding): one is Coding & { system: string; code: string } => one.system !== undefined && one.code !== undefined;
  const coding = concept.coding?.find(isCoded);
  return coding === undefined ? [] : [{ code: `${coding.system}|${coding.code}`, name: concept.text ?? coding.display ?? coding.code }];
}

const SYSTEMS: Record<string, string> = { "http://loinc.org": "LOINC", "http://snomed.info/sct": "SNOMED CT", "http://hl7.org/fhir/sid/icd-10": "ICD-10" };

/** "LOINC 8867-4" of a token; the address of a system that is less known. */
function codeWords(token: string): string {
  const [system = "", code = ""] = token.split("|");
  return `${SYSTEMS[system] ?? system} ${code}`;
}
