import { ActionIcon, Button, Checkbox, Group, Menu, MultiSelect, Popover, SegmentedControl, Text } from "@mantine/core";
import { IconCalendarPlus, IconChevronLeft, IconChevronRight, IconPrinter, IconUsers } from "@tabler/icons-react";

import { day as dayText } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Row } from "../model/rows.ts";
import { addDays, mondayOf, weekdayName } from "../model/zone.ts";
import type { CalendarState, View } from "./state.ts";

/** Which day, whose, and how. */
export function Toolbar({ rows, chosen, view, isNarrow, day, today, alsoCancelled, onChange, onBook }: {
  rows: readonly Row[];
  chosen: readonly Row[];
  view: View;
  isNarrow: boolean;
  day: string;
  today: string;
  alsoCancelled: boolean;
  onChange: (change: Partial<CalendarState>) => void;
  onBook?: () => void;
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
        <Popover width={340} position="bottom-end" trapFocus>
          <Popover.Target>
            <Button variant="default" leftSection={<IconUsers size={18} aria-hidden />}>{t("whose", { n: chosen.length })}</Button>
          </Popover.Target>
          <Popover.Dropdown>
            <Choice rows={rows} chosen={chosen} onChange={(of) => onChange({ of })} />
            <Checkbox mt="sm" label={t("alsoCancelled")} checked={alsoCancelled} onChange={(event) => onChange({ alsoCancelled: event.currentTarget.checked })} />
          </Popover.Dropdown>
        </Popover>
        {view === "list" && (
          <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => print()}>{t("print")}</Button>
        )}
        {onBook !== undefined && <Button leftSection={<IconCalendarPlus size={18} aria-hidden />} onClick={onBook}>{t("newAppointment")}</Button>}
      </Group>
    </Group>
  );
}

/** People, rooms and devices, by kind; a whole kind at once. */
function Choice({ rows, chosen, onChange }: { rows: readonly Row[]; chosen: readonly Row[]; onChange: (of: string[] | undefined) => void }) {
  const { t } = useTexts();
  const kinds = (["person", "room", "device"] as const).filter((kind) => rows.some((row) => row.kind === kind));
  const of = (kind: Row["kind"]) => rows.filter((row) => row.kind === kind);
  return (
    <>
      <MultiSelect
        label={t("calendarsOf")} searchable clearable hidePickedOptions comboboxProps={{ withinPortal: false }} maxDropdownHeight={260}
        clearButtonProps={{ "aria-label": t("chooseNobody") }} nothingFoundMessage={t("nothingFound")}
        data={kinds.map((kind) => ({ group: t(`kind.${kind}`), items: of(kind).map((row) => ({ value: row.ref, label: row.label })) }))}
        value={chosen.map((row) => row.ref)}
        onChange={(value) => onChange(value.length === 0 ? ["-"] : value)}
      />
      <Menu position="bottom-start" withinPortal={false}>
        <Menu.Target><Button mt="xs" size="compact-sm" variant="default">{t("chooseAll")}</Button></Menu.Target>
        <Menu.Dropdown>
          {kinds.map((kind) => <Menu.Item key={kind} onClick={() => onChange(of(kind).map((row) => row.ref))}>{t(`kind.${kind}`)}</Menu.Item>)}
          <Menu.Item onClick={() => onChange(rows.map((row) => row.ref))}>{t("everybody")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
