import { Menu } from "@mantine/core";
import type { Reference } from "fhir/r4";
import type { ReactElement } from "react";

import { OpenedMenu } from "../shared/frame/OpenedMenu.tsx";

/** Whom the message may name. */
export default function MentionMenu({ button, people, onChoose }: { button: ReactElement; people: readonly Reference[]; onChoose: (name: string) => void }) {
  return (
    <OpenedMenu button={button} position="top-start">
      {people.map((one) => <Menu.Item key={one.reference} onClick={() => onChoose(one.display ?? "")}>{one.display}</Menu.Item>)}
    </OpenedMenu>
  );
}
