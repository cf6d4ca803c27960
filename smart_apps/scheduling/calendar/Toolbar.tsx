import { ActionIcon, Button, Group, SegmentedControl, Text } from "@mantine/core";
import { IconCalendarPlus, IconChevronLeft, IconChevronRight, IconPrinter, IconUsers } from "@tabler/icons-react";

import { day as dayText } from "../../shared/format/dates.ts";
import { addDays, mondayOf, weekdayName } from "../../shared/format/zone.ts";
import { OnDemand } from "../../shared/frame/OnDemand.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { onIntent, part, type Preparable } from "../../shared/parts/part.tsx";
import type { Row } from "../model/rows.ts";
import type { CalendarState, View } from "./state.ts";

const Whose = part(() => import("./Whose.tsx"));

/** Which day, whose, and how. */
export function Toolbar({ rows, chosen, view, isNarrow, day, today, alsoCancelled, onChange, onBook, booking }: {
  rows: readonly Row[];
  chosen: readonly Row[];
  view: View;
  isNarrow: boolean;
  day: string;
  today: string;
  alsoCancelled: boolean;
  onChange: (change: Partial<CalendarState>) => void;
  onBook?: () => void;
  /** What books, to be loaded before the button is pressed. */
  booking: Preparable;
}) {
  const { t, language } = useTexts();
  const step = view === "week" ? 7 : 1;
  const label = view === "week"
    ? `${dayText(mondayOf(day))} – ${dayText(addDays(mondayOf(day), 6))}`
    : `${weekdayName(day, language, isNarrow ? "short" : "long")} ${dayText(day)}`;
  return (
    <Group gap="xs" justify="space-between">
      <Group gap="xs">
        <ActionIcon variant="default" size="lg" aria-label={t(view === "week" ? "weekBefore" : "dayBefore")} onClick={() => onChange({ day: addDays(day, -step) })}>
          <IconChevronLeft size={18} aria-hidden />
        </ActionIcon>
        <Button variant="default" disabled={day === today} onClick={() => onChange({ day: undefined })}>{t("today")}</Button>
        <ActionIcon variant="default" size="lg" aria-label={t(view === "week" ? "weekAfter" : "dayAfter")} onClick={() => onChange({ day: addDays(day, step) })}>
          <IconChevronRight size={18} aria-hidden />
        </ActionIcon>
        <input
          type="date" className="fs-noprint" aria-label={t("goToDay")} value={day} style={{ height: "2.25rem", font: "inherit", border: "1px solid var(--fs-line)", borderRadius: 6, background: "var(--mantine-color-body)", color: "inherit", colorScheme: "light dark", padding: "0 0.5rem" }}
          onChange={(event) => { if (event.currentTarget.value !== "") onChange({ day: event.currentTarget.value }); }}
        />
        <Text component="h1" fw={600} fz="lg" aria-live="polite" m={0}>{label}</Text>
      </Group>
      <Group gap="xs" className="fs-noprint">
        {!isNarrow && (
          <SegmentedControl
            aria-label={t("view")} value={view} onChange={(value) => onChange({ view: value })}
            data={[{ value: "day", label: t("viewDay") }, { value: "week", label: t("viewWeek") }, { value: "list", label: t("viewList") }]}
          />
        )}
        <OnDemand
          kind="dialog" menu={Whose} given={{ rows, chosen, alsoCancelled, onChange }}
          button={<Button variant="default" leftSection={<IconUsers size={18} aria-hidden />}>{t("whose", { n: chosen.length })}</Button>}
        />
        {view === "list" && (
          <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => print()}>{t("print")}</Button>
        )}
        {onBook !== undefined && <Button leftSection={<IconCalendarPlus size={18} aria-hidden />} onClick={onBook} {...onIntent(booking)}>{t("newAppointment")}</Button>}
      </Group>
    </Group>
  );
}
