import { ActionIcon } from "@mantine/core";
import { IconApps, IconDots, IconSearch, IconUserCircle, IconWifi, IconWifiOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { inLanguage, useTexts } from "../i18n/i18n.ts";
import { useLive } from "../live/LiveUpdates.tsx";
import { part } from "../parts/part.tsx";
import { useSmart } from "../smart/context.tsx";
import type { Place } from "./navigation.ts";
import { OnDemand } from "./OnDemand.tsx";
import { openPalette } from "./PaletteHost.tsx";
import { useMe } from "./useMyApps.ts";

const AppsMenu = part(() => import("./AppsMenu.tsx"));
const FurtherMenu = part(() => import("./FurtherMenu.tsx"));
const UserMenu = part(() => import("./UserMenu.tsx"));
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
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("search")} title={`${t("search")} (Ctrl K)`} onClick={openPalette}>
            <IconSearch size={20} stroke={1.6} />
          </ActionIcon>
          <User />
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
  const button = (
    <button type="button" className="fs-plain fs-link" aria-current={isHere ? "true" : undefined}>
      <IconDots size={20} aria-hidden />
      {t("more")}
    </button>
  );
  return <OnDemand button={button} menu={FurtherMenu} given={{ places }} />;
}

function Apps() {
  const { t } = useTexts();
  const button = <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("apps")} title={t("apps")}><IconApps size={22} stroke={1.6} /></ActionIcon>;
  return <OnDemand button={button} menu={AppsMenu} given={{}} />;
}

function User() {
  const { t } = useTexts();
  const button = <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("account")}><IconUserCircle size={22} stroke={1.6} /></ActionIcon>;
  return <OnDemand button={button} menu={UserMenu} given={{}} />;
}

function Connection() {
  const { t } = useTexts();
  const { isLive } = useLive();
  if (isLive === undefined) return null;
  const text = isLive ? t("live") : t("liveOff");
  return (
    <span role="status" title={text} style={{ display: "inline-flex", color: isLive ? "var(--fs-good)" : "var(--fs-warning)" }}>
      {isLive ? <IconWifi size={18} aria-hidden /> : <IconWifiOff size={18} aria-hidden />}
      <span className="fs-hidden">{text}</span>
    </span>
  );
}
