import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Task } from "fhir/r4";
import { useEffect, useMemo, useState, type ReactNode } from "react";

import { useSearch } from "../shared/fhir/queries.ts";
import { time } from "../shared/format/dates.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { SmartProvider, useSmart } from "../shared/smart/context.tsx";
import { emergencyUntil, forgetEmergency, isInCare, openUntil, readingOnly, reviewOf } from "./emergency.ts";

/** The pages of a record; while it is open in an emergency only, they say so and offer nothing to write. */
export function Emergency({ patient, children }: { patient: string; children: ReactNode }) {
  const { t } = useTexts();
  const smart = useSmart();
  const [, again] = useState(0);
  const here = emergencyUntil(patient);
  const isAsked = here === undefined && !isInCare(patient) && smart.session.allows("Task", "s");
  const reviews = useSearch<Task>("Task", isAsked ? reviewOf(patient, smart.session.grant.fhirUser) : undefined);
  const until = here ?? (isAsked ? openUntil(reviews.data) : undefined);
  const reading = useMemo(() => readingOnly(smart), [smart]);
  useEffect(() => {
    if (until === undefined) return;
    const timer = setTimeout(() => again((n) => n + 1), Date.parse(until) - Date.now());
    return () => clearTimeout(timer);
  }, [until]);
  if (until === undefined) return children;
  return (
    <>
      <Alert color="yellow" icon={<IconAlertTriangle aria-hidden />} title={t("emergencyTitle", { until: time(until) })} mb="md">
        <Group justify="space-between" gap="xs">
          <Text size="sm">{t("emergencyText")}</Text>
          <Button size="xs" variant="default" onClick={() => { forgetEmergency(patient); again((n) => n + 1); }}>{t("emergencyInCare")}</Button>
        </Group>
      </Alert>
      <SmartProvider smart={reading}>{children}</SmartProvider>
    </>
  );
}
