import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { FhirError, Unreachable } from "../fhir/client.ts";
import { useTexts } from "../i18n/i18n.ts";
import { useSmart } from "../smart/context.tsx";

/** Those who may open a record in an emergency, by the policies that the server comes with. */
const CLINICIANS = ["doctor", "nurse", "pharmacist", "labtech", "radiologist"];

/** What happened, and what to do about it. */
export function useReason(): (error: unknown) => string {
  const { t } = useTexts();
  const { app } = useSmart();
  const isClinical = app.roles.some((role) => CLINICIANS.includes(role));
  return (error) => {
    if (error instanceof Unreachable) return t("failedUnreachable");
    if (!(error instanceof FhirError)) return error instanceof Error ? error.message : String(error);
    if (error.status === 403) return t(isClinical ? "failedForbidden" : "failedNotYours");
    if (error.status === 404 || error.status === 410) return t("failedGone");
    if (error.status === 429) return t("failedTooMany");
    if (error.status >= 500) return t("failedServer", { status: error.status });
    return t("failedOther", { reason: error.message });
  };
}

/** A part of a page that couldn't be loaded: never an empty list in its place. */
export function Failed({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const { t } = useTexts();
  const reason = useReason();
  return (
    <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title ?? t("failedTitle")}>
      <Text size="sm">{reason(error)}</Text>
      {retry !== undefined && (
        <Group mt="xs">
          <Button size="xs" variant="default" onClick={retry}>{t("retry")}</Button>
        </Group>
      )}
    </Alert>
  );
}
