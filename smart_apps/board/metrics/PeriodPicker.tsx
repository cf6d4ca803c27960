import { Group, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { presetOf, presetPeriod, PRESETS, type Period, type Preset } from "./period.ts";

/** A usual period, or any two days. */
export function PeriodPicker({ period, onChange }: { period: Period; onChange: (period: Period) => void }) {
  const { t } = useTexts();
  const [isOwn, setOwn] = useState(presetOf(period) === undefined);
  const preset = isOwn ? "own" : (presetOf(period) ?? "own");
  return (
    <Group gap="xs" align="end" className="fs-noprint">
      <NativeSelect
        label={t("period")}
        value={preset}
        data={[...PRESETS.map((one) => ({ value: one, label: t(`preset.${one}`) })), { value: "own", label: t("preset.own") }]}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          setOwn(chosen === "own");
          if (chosen !== "own") onChange(presetPeriod(chosen as Preset));
        }}
      />
      {preset === "own" && (
        <>
          <TextInput type="date" label={t("from")} value={period.start} max={period.end} onChange={(event) => change({ ...period, start: event.currentTarget.value })} />
          <TextInput type="date" label={t("until")} value={period.end} min={period.start} onChange={(event) => change({ ...period, end: event.currentTarget.value })} />
        </>
      )}
    </Group>
  );

  function change(next: Period) {
    if (next.start !== "" && next.end !== "" && next.start <= next.end) onChange(next);
  }
}
