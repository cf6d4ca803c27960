import { Menu, type MenuProps } from "@mantine/core";
import { cloneElement, useEffect, useState, type ReactElement, type ReactNode } from "react";

/** A menu that opens as soon as it is there; when it closes, its button has the focus again. */
export function OpenedMenu({ button, children, ...given }: { button: ReactElement; children: ReactNode } & MenuProps) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setOpen(true));
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <Menu {...given} opened={isOpen} onChange={setOpen} returnFocus>
      <Menu.Target>{cloneElement(button as ReactElement<{ autoFocus?: boolean }>, { autoFocus: true })}</Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
