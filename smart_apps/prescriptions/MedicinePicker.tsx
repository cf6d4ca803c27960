import { Combobox, Loader, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { ConceptMap, MedicationRequest, ValueSet } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import type { Fhir } from "../shared/fhir/client.ts";
import { useAsk } from "../shared/fhir/queries.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import type { Choice } from "./model/medicine.ts";

const RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm";
const KNOWLEDGE = "https://fhirserver.example/CodeSystem/medicine-knowledge|ingredients";
// What comes with the server is found by its address only.
const SHIPPED = "https://fhirserver.example/ConceptMap/medicine-ingredients";
const MOST = 12;

/** Chooses a medicine: from the hospital's tables, from a loaded release of RxNorm, or as it was prescribed before. */
export function MedicinePicker({ value, onChoose, error }: { value: Choice | undefined; onChoose: (choice: Choice | undefined) => void; error?: string }) {
  const { t } = useTexts();
  const combobox = useCombobox();
  const [typed, setTyped] = useState(value?.display ?? "");
  const [asked] = useDebouncedValue(typed.trim(), 200);
  const found = useAsk(["ConceptMap"], asked.length > 1 && asked !== value?.display ? ["medicines", asked.toLocaleLowerCase()] : undefined, (fhir) => medicines(fhir, asked));
  return (
    <Combobox store={combobox} onOptionSubmit={(code) => {
      const choice = found.data?.find((one) => one.code === code);
      onChoose(choice);
      setTyped(choice?.display ?? "");
      combobox.closeDropdown();
    }}>
      <Combobox.Target>
        <TextInput label={t("medicine")} required error={error} value={typed} data-autofocus autoComplete="off" placeholder={t("order.medicineHint")}
          rightSection={found.isFetching ? <Loader size="xs" /> : undefined}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            onChoose(undefined);
            combobox.openDropdown();
          }}
          onBlur={() => combobox.closeDropdown()} />
      </Combobox.Target>
      <Combobox.Dropdown hidden={asked.length < 2 || found.data === undefined}>
        <Combobox.Options aria-label={t("medicine")} mah={320} style={{ overflowY: "auto" }}>
          {(found.data ?? []).map((choice) => <Combobox.Option key={choice.code} value={choice.code}>{choice.display}</Combobox.Option>)}
          {found.data?.length === 0 && <Combobox.Empty>{t("nothingFound")}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

async function medicines(fhir: Fhir, typed: string): Promise<Choice[]> {
  const [shipped, maps, loaded, before] = await Promise.all([
    fhir.search<ConceptMap>("ConceptMap", { url: SHIPPED }),
    fhir.search<ConceptMap>("ConceptMap", { context: KNOWLEDGE, status: "active", _count: 20 }),
    // Without a release of RxNorm there is nothing to expand.
    fhir.operation<ValueSet>(`ValueSet/$expand?url=${encodeURIComponent(`${RXNORM}?fhir_vs`)}&filter=${encodeURIComponent(typed)}&count=${MOST}`).catch(() => undefined),
    fhir.search<MedicationRequest>("MedicationRequest", { "code:text": typed, _count: MOST, _elements: "medicationCodeableConcept,status,intent,subject" }),
  ]);
  return merged(typed, [
    ...[shipped, maps].flatMap((bundle) => resourcesOf<ConceptMap>(bundle)).flatMap((map) => (map.group ?? []).flatMap((group) => group.element.map((one) => ({ system: group.source ?? RXNORM, code: one.code ?? "", display: one.display ?? "" })))),
    ...(loaded?.expansion?.contains ?? []).map((one) => ({ system: one.system ?? RXNORM, code: one.code ?? "", display: one.display ?? "" })),
    ...resourcesOf<MedicationRequest>(before).flatMap((request) => (request.medicationCodeableConcept?.coding ?? []).slice(0, 1).map((one) => ({ system: one.system ?? "", code: one.code ?? "", display: one.display ?? "" }))),
  ]);
}

/** Those in whose name each typed word begins a word, once each, in alphabetical order. */
export function merged(typed: string, choices: readonly Choice[]): Choice[] {
  const parts = typed.toLocaleLowerCase().split(/\s+/);
  const fits = (choice: Choice) => {
    const said = choice.display.toLocaleLowerCase();
    return choice.code !== "" && parts.every((part) => said.startsWith(part) || said.includes(` ${part}`) || said.includes(`/${part}`));
  };
  const unique = new Map(choices.filter(fits).map((choice) => [`${choice.system}|${choice.code}`, choice]));
  return [...unique.values()].sort((a, b) => a.display.localeCompare(b.display)).slice(0, MOST);
}
