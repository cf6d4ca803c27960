import { Card, Group, NativeSelect, TextInput } from "@mantine/core";
import type { Parameters as FhirParameters } from "fhir/r4";

import { useAsk } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { PeriodPicker } from "../metrics/PeriodPicker.tsx";
import type { Period } from "../metrics/period.ts";
import { partsOf } from "../parameters.ts";
import { CodeField, type Chosen } from "./CodeField.tsx";
import { ageError, STEPS, type Asked, type Step } from "./trend.ts";

/** What is asked most: LOINC codes of vital signs and the laboratory. */
const USUAL = ["8867-4", "8480-6", "8462-4", "8310-5", "9279-1", "2708-6", "2823-3", "2951-2", "2160-0", "718-7", "1988-5", "4548-4", "2345-7"] as const;

/** Which value, of whom, when. */
export function Question({ asked, period, onChange, onPeriod }: { asked: Asked; period: Period; onChange: (change: Partial<Asked>) => void; onPeriod: (period: Period) => void }) {
  const { t } = useTexts();
  const wards = useAsk<FhirParameters>(["Location"], ["occupancy"], (fhir) => fhir.operation<FhirParameters>("Location/$occupancy"));
  const places = partsOf(wards.data, "ward").map((one) => partsOf(one, "location")[0]?.valueReference).filter((one) => one !== undefined);
  const wrong = ageError(asked.ageFrom, asked.ageTo);
  return (
    <Card className="fs-noprint">
      <Group align="start" gap="sm">
        <CodeField label={t("cohort.value")} type="Observation" chosen={{ code: asked.code, name: asked.name }} onChange={(one: Chosen) => onChange({ code: one.code, name: one.name })}
          offered={USUAL.map((code) => ({ code: `http://loinc.org|${code}`, name: t(`usual.${code}`) }))} />
        <CodeField label={t("cohort.condition")} type="Condition" chosen={{ code: asked.condition, name: asked.conditionName }} onChange={(one: Chosen) => onChange({ condition: one.code, conditionName: one.name })} offered={[]} />
        <NativeSelect label={t("ward")} description={t("cohort.wardHint")} value={asked.ward} onChange={(event) => onChange({ ward: event.currentTarget.value })}
          data={[{ value: "", label: t("allWards") }, ...places.map((one) => ({ value: one.reference?.replace(/^Location\//, "") ?? "", label: one.display ?? one.reference ?? "" }))]} />
        <Group gap="sm" align="start" wrap="nowrap">
          <TextInput w="6rem" label={t("cohort.ageFrom")} description={t("cohort.years")} inputMode="numeric" value={asked.ageFrom} error={wrong === undefined ? undefined : t(`cohort.${wrong}`)} onChange={(event) => onChange({ ageFrom: event.currentTarget.value.trim() })} />
          <TextInput w="6rem" label={t("cohort.ageTo")} description={t("cohort.years")} inputMode="numeric" value={asked.ageTo} onChange={(event) => onChange({ ageTo: event.currentTarget.value.trim() })} />
        </Group>
      </Group>
      <Group align="end" gap="sm" mt="sm">
        <PeriodPicker period={period} onChange={onPeriod} />
        <NativeSelect label={t("cohort.by")} value={asked.by} data={STEPS.map((one) => ({ value: one, label: t(`cohort.step.${one}`) }))} onChange={(event) => onChange({ by: event.currentTarget.value as Step })} />
      </Group>
    </Card>
  );
}
