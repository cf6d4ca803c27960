import { Kbd, Modal, Switch, Table } from "@mantine/core";

import { useTexts } from "../i18n/i18n.ts";
import type { Place } from "./navigation.ts";

interface Given {
  places: readonly Place[];
  isOn: boolean;
  turn: (on: boolean) => void;
  onClose: () => void;
}

/** Which keys there are, and whether single ones are listened to. */
export default function KeysHelp({ places, isOn, turn, onClose }: Given) {
  const { t } = useTexts();
  return (
    <Modal opened onClose={onClose} title={t("keyboardTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Table>
        <Table.Tbody>
          <Table.Tr><Table.Td>{t("keySearch")}</Table.Td><Table.Td><Kbd>Ctrl</Kbd> <Kbd>K</Kbd></Table.Td></Table.Tr>
          <Table.Tr><Table.Td>{t("keyHelp")}</Table.Td><Table.Td><Kbd>?</Kbd></Table.Td></Table.Tr>
          {places.filter((place) => place.key !== undefined).map((place) => (
            <Table.Tr key={place.path}><Table.Td>{t(place.label)}</Table.Td><Table.Td><Kbd>g</Kbd> <Kbd>{place.key}</Kbd></Table.Td></Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Switch mt="md" checked={isOn} label={t("keysOn")} onChange={(event) => turn(event.currentTarget.checked)} />
    </Modal>
  );
}
