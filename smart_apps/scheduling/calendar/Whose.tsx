import { Button, Checkbox, Menu, MultiSelect, Popover } from "@mantine/core";
import { cloneElement, useEffect, useState, type ReactElement } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Row } from "../model/rows.ts";
import type { CalendarState } from "./state.ts";

/** Whose calendars are shown, dropped down from its button: people, rooms and devices, by kind; a whole kind at once. */
export default function Whose({ button, rows, chosen, alsoCancelled, onChange }: {
  button: ReactElement;
  rows: readonly Row[];
  chosen: readonly Row[];
  alsoCancelled: boolean;
  onChange: (change: Partial<CalendarState>) => void;
}) {
  const { t } = useTexts();
  const [isOpen, setOpen] = useState(false);
  // It opens as soon as it is there.
  useEffect(() => {
    const frame = requestAnimationFrame(() => setOpen(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  const kinds = (["person", "room", "device"] as const).filter((kind) => rows.some((row) => row.kind === kind));
  const of = (kind: Row["kind"]) => rows.filter((row) => row.kind === kind);
  const choose = (chosen: readonly Row[]) => onChange({ of: chosen.map((row) => row.ref) });
  return (
    <Popover width={340} position="bottom-end" trapFocus returnFocus opened={isOpen} onChange={setOpen}>
      <Popover.Target>{cloneElement(button as ReactElement<{ autoFocus?: boolean; onClick?: () => void }>, { autoFocus: true, onClick: () => setOpen((before) => !before) })}</Popover.Target>
      <Popover.Dropdown>
        <MultiSelect
          label={t("calendarsOf")} searchable clearable hidePickedOptions comboboxProps={{ withinPortal: false }} maxDropdownHeight={260}
          clearButtonProps={{ "aria-label": t("chooseNobody") }} nothingFoundMessage={t("nothingFound")}
          data={kinds.map((kind) => ({ group: t(`kind.${kind}`), items: of(kind).map((row) => ({ value: row.ref, label: row.label })) }))}
          value={chosen.map((row) => row.ref)}
          onChange={(value) => onChange({ of: value.length === 0 ? ["-"] : value })}
        />
        <Menu position="bottom-start" withinPortal={false}>
          <Menu.Target><Button mt="xs" size="compact-sm" variant="default">{t("chooseAll")}</Button></Menu.Target>
          <Menu.Dropdown>
            {kinds.map((kind) => <Menu.Item key={kind} onClick={() => choose(of(kind))}>{t(`kind.${kind}`)}</Menu.Item>)}
            <Menu.Item onClick={() => choose(rows)}>{t("everybody")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Checkbox mt="sm" label={t("alsoCancelled")} checked={alsoCancelled} onChange={(event) => onChange({ alsoCancelled: event.currentTarget.checked })} />
      </Popover.Dropdown>
    </Popover>
  );
}
