import { Menu, useMantineColorScheme } from "@mantine/core";
import type { ReactElement } from "react";

import { failed } from "../forms/saving.ts";
import { chooseLanguage, LANGUAGES, useTexts, type Language } from "../i18n/i18n.ts";
import { useSmart } from "../smart/context.tsx";
import { OpenedMenu } from "./OpenedMenu.tsx";
import { useMe } from "./useMyApps.ts";

/** Who has signed in, how pages look, and the way out. */
export default function UserMenu({ button }: { button: ReactElement }) {
  const { t, language } = useTexts();
  const { config, session } = useSmart();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const me = useMe();
  const isOurs = session.grant.iss === config.issuer;
  return (
    <OpenedMenu button={button} position="bottom-end" width={240}>
      {me !== undefined && <Menu.Label>{me.name}</Menu.Label>}
      {isOurs && <Menu.Item component="a" href="/account">{t("account")}</Menu.Item>}
      <Menu.Divider />
      <Menu.Label>{t("language")}</Menu.Label>
      {(Object.keys(LANGUAGES) as Language[]).map((one) => (
        <Menu.Item key={one} lang={one} fw={language === one ? 700 : 400} onClick={() => void chooseLanguage(one).catch(() => failed(t("failedUnreachable"), LANGUAGES[one]))}>{LANGUAGES[one]}</Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Label>{t("theme")}</Menu.Label>
      {([["light", "themeLight"], ["dark", "themeDark"], ["auto", "themeAuto"]] as const).map(([scheme, label]) => (
        <Menu.Item key={scheme} fw={colorScheme === scheme ? 700 : 400} onClick={() => setColorScheme(scheme)}>{t(label)}</Menu.Item>
      ))}
      <Menu.Divider />
      <Menu.Item onClick={() => void leave()}>{t("signOut")}</Menu.Item>
    </OpenedMenu>
  );

  async function leave() {
    await session.end().catch(() => undefined);
    sessionStorage.clear();
    location.assign(isOurs ? "/signout" : "about:blank");
  }
}
