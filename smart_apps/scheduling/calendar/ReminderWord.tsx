import { Text } from "@mantine/core";
import { IconBellCheck, IconBellOff, IconPhoneCall } from "@tabler/icons-react";
import type { Appointment, Communication, Patient } from "fhir/r4";

import type { Stored } from "../../shared/fhir/client.ts";
import { day } from "../../shared/format/dates.ts";
import { dayOf, timeOf } from "../../shared/format/zone.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { reminded } from "../model/reminders.ts";

/** Whether the patient was reminded, when and how; or that somebody must call. */
export function ReminderWord({ appointment, patient, sent, isUnreachable }: {
  appointment: Stored<Appointment>;
  patient: Patient | undefined;
  sent: readonly Communication[];
  isUnreachable: boolean;
}) {
  const { t } = useTexts();
  const { shown } = useZone();
  const found = reminded(appointment, patient, sent, isUnreachable);
  switch (found.state) {
    case "sent": {
      const at = shown(found.at);
      return <Text size="sm"><IconBellCheck size={15} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("remindedAt", { at: `${day(dayOf(at))} ${timeOf(at)}`, by: found.by ?? "other" })}</Text>;
    }
    case "unreachable":
      return <Text size="sm" fw={600} style={{ color: "var(--fs-warning)" }}><IconPhoneCall size={15} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("unreachable")}</Text>;
    case "unwanted":
      return <Text size="sm"><IconBellOff size={15} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("unwanted")}</Text>;
    case "sending":
      return <Text size="sm">{t("reminderSending")}</Text>;
    default:
      return <Text size="sm" c="dimmed">{t("notReminded")}</Text>;
  }
}
