import { Alert, Button, Group, TextInput } from "@mantine/core";
import type { Encounter } from "fhir/r4";
import { useState } from "react";

import { FhirError } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { isoDay, isoNow, moment, time } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import { plan } from "./changes.ts";
import { plannedEnd } from "./stays.ts";

/** When the patient is to leave: the forecast is made of it. */
export function PlanDischarge({ stay, name }: { stay: Encounter; name: string }) {
  const { t } = useTexts();
  const reason = useReason();
  const stored = plannedEnd(stay);
  const [typed, setTyped] = useState(stored === undefined ? "" : local(stored));
  const [error, setError] = useState<string>();
  const planning = useChange(["Encounter"], (fhir, end: string | undefined) => plan(fhir, stay, end));
  const isNew = typed !== (stored === undefined ? "" : local(stored));
  return (
    <form noValidate onSubmit={(event) => {
      event.preventDefault();
      const wrong = mistake();
      setError(wrong);
      if (wrong === undefined) save(isoNow(new Date(typed)));
    }}>
      <Group align="end" gap="xs">
        <TextInput type="datetime-local" label={t("plannedDischarge")} value={typed} error={error} onChange={(event) => setTyped(event.currentTarget.value)} />
        <Button type="submit" variant="default" disabled={!isNew || typed === ""} loading={planning.isPending}>{t("save")}</Button>
        {stored !== undefined && <Button variant="subtle" disabled={planning.isPending} onClick={() => save(undefined)}>{t("notPlanned")}</Button>}
      </Group>
      {planning.isError && (
        <Alert mt="xs" role="alert" color="red" title={t("notSaved")}>
          {planning.error instanceof FhirError && planning.error.isConflict ? t("stayChanged") : reason(planning.error)}
        </Alert>
      )}
    </form>
  );

  function mistake(): string | undefined {
    if (Number.isNaN(Date.parse(typed))) return t("required");
    const start = stay.period?.start;
    return start !== undefined && Date.parse(typed) < Date.parse(start) ? t("beforeArrival", { when: moment(start) }) : undefined;
  }

  function save(end: string | undefined) {
    planning.mutate(end, {
      onSuccess: () => {
        if (end === undefined) setTyped("");
        told(end === undefined ? t("planTaken", { name }) : t("planned", { name, when: moment(end) }));
      },
    });
  }
}

function local(when: string): string {
  const date = new Date(when);
  return `${isoDay(date)}T${when.includes("T") ? time(date) : "12:00"}`;
}
