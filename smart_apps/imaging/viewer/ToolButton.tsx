import type { ComponentPropsWithRef, ComponentType } from "react";

import classes from "./viewer.module.css";

interface Given extends Omit<ComponentPropsWithRef<"button">, "children"> {
  icon: ComponentType<{ size?: number; stroke?: number }>;
  label: string;
  /** For what is on or off. */
  pressed?: boolean;
}

/** A sign with its word; large enough for a thumb. */
export function ToolButton({ icon: Sign, label, pressed, ...rest }: Given) {
  return (
    <button type="button" {...rest} className={classes.tool} aria-pressed={pressed}>
      <Sign size={20} stroke={1.6} />
      <span>{label}</span>
    </button>
  );
}
