import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconApps, IconDots, IconSearch, IconWifi, IconWifiOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTexts } from "../i18n/i18n.ts";
import { Link, useLocation } from "wouter";

import { inLanguage } from "../i18n/i18n.ts";
import { useLive } from "../live/LiveUpdates.tsx";
import { useSmart } from "../smart/context.tsx";
import { iconOf } from "./icons.ts";
import type { Place } from "./navigation.ts";
import { openPalette } from "./PaletteHost.tsx";
import { UserMenu } from "./UserMenu.tsx";
import { useMe, useMyApps } from "./useMyApps.ts";

const BELOW = 3;

/** The page around an app: banner on top, its places at the side, and below on a phone. */
export function Frame({ places, banner, children }: { places: readonly Place[]; banner?: ReactNode; children: ReactNode }) {
  const { t } = useTexts();
  const { app, config, session } = useSmart();
  const [here] = useLocation();
  const me = useMe();
  const isMine = (place: Place) => place.roles === undefined || session.grant.iss !== config.issuer || me?.roles.some((role) => place.roles?.includes(role)) === true;
  const open = places.filter((place) => (place.needs === undefined || session.allows(...place.needs)) && isMine(place));
  // Inside of another system its own frame is around us.
  const isGuest = session.grant.launched && window.parent !== window;
  const link = (place: Place) => (
    <Link key={place.path} className="fs-link" href={`/${place.path}`} aria-current={isOpen(here, place, open) ? "page" : undefined}>
      <place.icon size={20} stroke={1.6} aria-hidden />
      {t(place.label)}
    </Link>
  );
  return (
    <div className="fs-frame" data-rail={open.length < 2 ? "none" : "shown"}>
      <a className="fs-skip" href="#content">{t("skip")}</a>
      <header className="fs-top">
        <div className="fs-bar">
          {!isGuest && <Apps />}
          <a className="fs-brand" href={`/apps/${app.name}/`}>{inLanguage(app.title)}</a>
          <div style={{ flex: 1 }} />
          <Connection />
          <Tooltip label={`${t("search")} (Ctrl K)`}>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("search")} onClick={openPalette}>
              <IconSearch size={20} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
          <UserMenu />
        </div>
        {banner}
      </header>
      {open.length > 1 && (
        <div className="fs-rail"><nav aria-label={inLanguage(app.title)}>{open.map(link)}</nav></div>
      )}
      <main className="fs-main" id="content" tabIndex={-1}>{children}</main>
      {open.length > 1 && (
        <nav className="fs-below" aria-label={t("menu")}>
          {open.slice(0, open.length > BELOW + 1 ? BELOW : BELOW + 1).map(link)}
          {open.length > BELOW + 1 && <Further places={open.slice(BELOW)} />}
        </nav>
      )}
    </div>
  );
}

/** Whether the address is in this place; the longest that fits is. */
function isOpen(here: string, place: Place, places: readonly Place[]): boolean {
  const fits = (one: Place) => one.path === "" || here === `/${one.path}` || here.startsWith(`/${one.path}/`);
  const longest = places.filter(fits).sort((a, b) => b.path.length - a.path.length)[0];
  return longest?.path === place.path;
}

function Further({ places }: { places: readonly Place[] }) {
  const { t } = useTexts();
  const [here] = useLocation();
  const isHere = places.some((place) => isOpen(here, place, places));
  return (
    <Menu position="top-end">
      <Menu.Target>
        <button type="button" className="fs-plain fs-link" aria-current={isHere ? "true" : undefined}>
          <IconDots size={20} aria-hidden />
          {t("more")}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {places.map((place) => (
          <Menu.Item key={place.path} component={Link} href={`/${place.path}`} leftSection={<place.icon size={18} aria-hidden />}>
            {t(place.label)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Apps() {
  const { t } = useTexts();
  const { app } = useSmart();
  const apps = useMyApps();
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Tooltip label={t("apps")}>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("apps")}><IconApps size={22} stroke={1.6} /></ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {apps.map((one) => {
          const Icon = iconOf(one.icon);
          return (
            <Menu.Item key={one.name} component="a" href={`/apps/${one.name}/`} leftSection={<Icon size={18} aria-hidden />} fw={one.name === app.name ? 600 : 400}>
              {inLanguage(one.title)}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

function Connection() {
  const { t } = useTexts();
  const { isLive } = useLive();
  if (isLive === undefined) return null;
  const text = isLive ? t("live") : t("liveOff");
  return (
    <Tooltip label={text}>
      <span role="status" style={{ display: "inline-flex", color: isLive ? "var(--fs-good)" : "var(--fs-warning)" }}>
        {isLive ? <IconWifi size={18} aria-hidden /> : <IconWifiOff size={18} aria-hidden />}
        <span className="fs-hidden">{text}</span>
      </span>
    </Tooltip>
  );
}
