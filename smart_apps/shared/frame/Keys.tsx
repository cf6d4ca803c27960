import { Kbd, Modal, Switch, Table } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTexts } from "../i18n/i18n.ts";
import { useLocation } from "wouter";

import type { Place } from "./navigation.ts";

const OFF = "keys-off";

/** Single keys: "?" shows them, "g" and a letter go to a place. They can be turned off (WCAG 2.1.4). */
export function Keys({ places }: { places: readonly Place[] }) {
  const { t } = useTexts();
  const [, go] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const [isOn, setOn] = useState(() => sessionStorage.getItem(OFF) === null);
  const before = useRef(0);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (!isOn || event.ctrlKey || event.metaKey || event.altKey || target?.closest("input, textarea, select, [contenteditable], [role=dialog]") != null) return;
      if (event.key === "?") setOpen(true);
      else if (event.key === "g") before.current = event.timeStamp;
      else if (event.timeStamp - before.current < 1500) {
        const place = places.find((one) => one.key === event.key);
        if (place !== undefined) go(`/${place.path}`);
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [go, isOn, places]);
  return (
    <Modal opened={isOpen} onClose={() => setOpen(false)} title={t("keyboardTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Table>
        <Table.Tbody>
          <Table.Tr><Table.Td>{t("keySearch")}</Table.Td><Table.Td><Kbd>Ctrl</Kbd> <Kbd>K</Kbd></Table.Td></Table.Tr>
          <Table.Tr><Table.Td>{t("keyHelp")}</Table.Td><Table.Td><Kbd>?</Kbd></Table.Td></Table.Tr>
          {places.filter((place) => place.key !== undefined).map((place) => (
            <Table.Tr key={place.path}><Table.Td>{t(place.label)}</Table.Td><Table.Td><Kbd>g</Kbd> <Kbd>{place.key}</Kbd></Table.Td></Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Switch mt="md" checked={isOn} label={t("keysOn")} onChange={(event) => {
        setOn(event.currentTarget.checked);
        if (event.currentTarget.checked) sessionStorage.removeItem(OFF);
        else sessionStorage.setItem(OFF, "1");
      }} />
    </Modal>
  );
}
