import type { ComponentType } from "react";

/** A place of an app that the rail and the palette lead to. */
export interface Place {
  /** Below /apps/<name>/: "" is where the app opens. */
  path: string;
  /** A key of the app's texts. */
  label: string;
  icon: ComponentType<{ size?: number; stroke?: number; "aria-hidden"?: boolean }>;
  /** Key after "g" that goes there. */
  key?: string;
  /** Shown only to those whose granted scopes allow it: a type and a right. */
  needs?: [type: string, right: "c" | "r" | "u" | "d" | "s"];
  /** Shown only to these roles; to all at another system's server, whose roles aren't known. */
  roles?: readonly string[];
}
