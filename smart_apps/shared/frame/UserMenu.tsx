import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { IconUserCircle } from "@tabler/icons-react";
import { useTexts } from "../i18n/i18n.ts";

import { chooseLanguage, LANGUAGES, type Language } from "../i18n/i18n.ts";
import { useSmart } from "../smart/context.tsx";
import { useMe } from "./useMyApps.ts";

/** Who has signed in, how pages look, and the way out. */
export function UserMenu() {
  const { t, language } = useTexts();
  const { config, session } = useSmart();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const me = useMe();
  const isOurs = session.grant.iss === config.issuer;
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("account")}><IconUserCircle size={22} stroke={1.6} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {me !== undefined && <Menu.Label>{me.name}</Menu.Label>}
        {isOurs && <Menu.Item component="a" href="/account">{t("account")}</Menu.Item>}
        <Menu.Divider />
        <Menu.Label>{t("language")}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((one) => (
          <Menu.Item key={one} lang={one} fw={language === one ? 700 : 400} onClick={() => chooseLanguage(one)}>{LANGUAGES[one]}</Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("theme")}</Menu.Label>
        {([["light", "themeLight"], ["dark", "themeDark"], ["auto", "themeAuto"]] as const).map(([scheme, label]) => (
          <Menu.Item key={scheme} fw={colorScheme === scheme ? 700 : 400} onClick={() => setColorScheme(scheme)}>{t(label)}</Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>{t("signOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );

  async function leave() {
    await session.end().catch(() => undefined);
    sessionStorage.clear();
    location.assign(isOurs ? "/signout" : "about:blank");
  }
}
