import { IconArrowsLeftRight, IconCalendarCheck, IconCheck, IconClockPause, IconClipboardCheck, IconDoorEnter, IconUserOff, IconX } from "@tabler/icons-react";
import type { Appointment } from "fhir/r4";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Status } from "../model/appointments.ts";

export const ICONS = {
  proposed: IconArrowsLeftRight, pending: IconClockPause, booked: IconCalendarCheck, arrived: IconDoorEnter, "checked-in": IconClipboardCheck,
  fulfilled: IconCheck, noshow: IconUserOff, cancelled: IconX, "entered-in-error": IconX, waitlist: IconClockPause,
} satisfies Record<Status, unknown>;

const COLORS: Partial<Record<Status, string>> = {
  pending: "var(--fs-warning)", arrived: "var(--fs-good)", "checked-in": "var(--fs-good)", noshow: "var(--fs-critical)",
};

/** The state in words, with its sign. */
export function StatusWord({ appointment }: { appointment: Appointment }) {
  const { t } = useTexts();
  const Icon = ICONS[appointment.status];
  return (
    <span style={{ color: COLORS[appointment.status], fontWeight: 600, whiteSpace: "nowrap" }}>
      <Icon size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t(`status.${appointment.status}`)}
    </span>
  );
}
