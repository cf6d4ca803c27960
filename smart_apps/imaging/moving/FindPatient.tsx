import { Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { searchOf } from "../../shared/frame/patientSearch.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Identity } from "./Identity.tsx";
import classes from "./moving.module.css";

/** Looks for a patient by name, birth date or number; `except` isn't offered. */
export function FindPatient({ except, error, onChoose }: { except: string | undefined; error?: string; onChoose: (patient: Patient) => void }) {
  const { t } = useTexts();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 250);
  const query = useSearch<Patient>("Patient", asked.length > 1 ? searchOf(asked) : undefined, { keep: true });
  return (
    <div>
      <TextInput label={t("move.to")} description={t("move.toHint")} withAsterisk value={typed} error={error} autoComplete="off" leftSection={<IconSearch size={18} aria-hidden />} onChange={(event) => setTyped(event.currentTarget.value)} />
      {asked.length > 1 && (
        <Loaded query={query} lines={2}>
          {(bundle) => {
            const found = resourcesOf<Patient>(bundle, "Patient").filter((one) => one.id !== except);
            if (found.length === 0) return <Text size="sm" c="dimmed" mt="xs" role="status">{t("move.nobody")}</Text>;
            return (
              <Stack gap={4} mt="xs" component="ul" className={classes.found} aria-label={t("move.found")}>
                {found.map((one) => <li key={one.id}><button type="button" className={classes.one} onClick={() => onChoose(one)}><Identity patient={one} /></button></li>)}
              </Stack>
            );
          }}
        </Loaded>
      )}
    </div>
  );
}
