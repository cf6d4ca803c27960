import { Stack, Title } from "@mantine/core";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { Keys } from "./Keys.tsx";
import { Packages } from "./Packages.tsx";
import { SettingGroups } from "./SettingGroups.tsx";
import { Terminology } from "./Terminology.tsx";

/** Keys, guides and code systems that are installed, and what the server was started with. */
export default function Server() {
  const { t } = useTexts();
  return (
    <Stack gap="md" maw={1080}>
      <Title order={1}>{t("server")}</Title>
      <Keys />
      <Packages />
      <Terminology />
      <SettingGroups />
    </Stack>
  );
}
