import { Menu } from "@mantine/core";
import type { ReactElement } from "react";

import { inLanguage } from "../i18n/i18n.ts";
import { useSmart } from "../smart/context.tsx";
import { iconOf } from "./icons.ts";
import { OpenedMenu } from "./OpenedMenu.tsx";
import { useMyApps } from "./useMyApps.ts";

/** The apps that there are for who has signed in. */
export default function AppsMenu({ button }: { button: ReactElement }) {
  const { app } = useSmart();
  return (
    <OpenedMenu button={button} position="bottom-start">
      {useMyApps().map((one) => {
        const Icon = iconOf(one.icon);
        return (
          <Menu.Item key={one.name} component="a" href={`/apps/${one.name}/`} leftSection={<Icon size={18} aria-hidden />} fw={one.name === app.name ? 600 : 400}>
            {inLanguage(one.title)}
          </Menu.Item>
        );
      })}
    </OpenedMenu>
  );
}
