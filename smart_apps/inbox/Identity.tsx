import { Box, Text } from "@mantine/core";

import { age, day } from "../shared/format/dates.ts";
import { formalName, recordNumber } from "../shared/format/people.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import type { Alert } from "./alerts.ts";
import { Finding } from "./AlertRow.tsx";
import type { Earlier } from "./earlier.ts";

/** Whom and what a dialog is about: name, birth date and number, and the finding. */
export function Identity({ alert, earlier }: { alert: Alert; earlier?: Earlier }) {
  const { t } = useTexts();
  const old = age(alert.patient?.birthDate);
  return (
    <Box mb="md" p="sm" style={{ border: "1px solid var(--fs-line)", borderRadius: 6 }}>
      <Text fw={700} size="lg">{alert.patient === undefined ? t("patientHidden") : formalName(alert.patient.name)}</Text>
      {alert.patient !== undefined && (
        <Text size="sm">
          {t("born")} {alert.patient.birthDate === undefined ? t("notKnown") : day(alert.patient.birthDate)}{old !== undefined && ` (${t(`ageUnit.${old.unit}`, { n: old.n })})`} · {t("recordNumber")} {recordNumber(alert.patient.identifier) ?? t("notKnown")} · {alert.place}
        </Text>
      )}
      <Text component="div" mt={4} style={{ display: "flex", flexWrap: "wrap", gap: "0 12px" }}><Finding alert={alert} earlier={earlier} /></Text>
      {alert.task.description !== undefined && alert.text !== undefined && <Text size="sm" c="dimmed" mt={4}>{alert.task.description}</Text>}
    </Box>
  );
}
