import { Menu } from "@mantine/core";
import type { ReactElement } from "react";
import { Link } from "wouter";

import { useTexts } from "../i18n/i18n.ts";
import type { Place } from "./navigation.ts";
import { OpenedMenu } from "./OpenedMenu.tsx";

/** The places that find no room below on a phone. */
export default function FurtherMenu({ button, places }: { button: ReactElement; places: readonly Place[] }) {
  const { t } = useTexts();
  return (
    <OpenedMenu button={button} position="top-end">
      {places.map((place) => (
        <Menu.Item key={place.path} component={Link} href={`/${place.path}`} leftSection={<place.icon size={18} aria-hidden />}>
          {t(place.label)}
        </Menu.Item>
      ))}
    </OpenedMenu>
  );
}
