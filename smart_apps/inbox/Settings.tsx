import { Modal, Stack, Switch, Text } from "@mantine/core";
import { useState } from "react";

import { useTexts } from "../shared/i18n/i18n.ts";
import { askToAnnounce, mayAnnounce } from "../shared/live/announce.ts";
import { ring } from "./sound.ts";
import type { BellSettings } from "./useBell.ts";

/** When it rings, and whether the device tells of alerts while the page is in the background. */
export default function Settings({ bell, onBell, onClose }: { bell: BellSettings; onBell: (bell: BellSettings) => void; onClose: () => void }) {
  const { t } = useTexts();
  const [permission, setPermission] = useState(mayAnnounce());
  const choose = (chosen: BellSettings, isOn: boolean) => {
    onBell(chosen);
    if (isOn) ring();
  };
  return (
    <Modal opened onClose={onClose} title={t("sound")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Switch label={t("soundCritical")} checked={bell.critical} onChange={(event) => choose({ ...bell, critical: event.currentTarget.checked }, event.currentTarget.checked)} />
        <Switch label={t("soundOthers")} checked={bell.others} onChange={(event) => choose({ ...bell, others: event.currentTarget.checked }, event.currentTarget.checked)} />
        <Switch
          label={t("announce")}
          description={permission === "denied" ? t("announceDenied") : t("announceHow")}
          checked={permission === "granted"}
          disabled={permission === "denied" || permission === "unable" || permission === "granted"}
          onChange={() => void askToAnnounce().then(() => setPermission(mayAnnounce()))}
        />
        <Text size="sm" c="dimmed">{t("soundOnlyYou")}</Text>
      </Stack>
    </Modal>
  );
}
