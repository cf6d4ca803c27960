import { cloneElement, Suspense, useState, type ReactElement } from "react";

import { onIntent, type Part } from "../parts/part.tsx";

type Button = ReactElement<{ onClick?: () => void; onPointerEnter?: () => void; onFocus?: () => void; "aria-haspopup"?: "menu" | "dialog"; "aria-expanded"?: boolean }>;

/** A button whose menu, or another thing that drops down from it, is loaded when it is first wanted. */
export function OnDemand<T extends object>({ button, menu: Menu, given, kind = "menu" }: { button: Button; menu: Part<T & { button: ReactElement }>; given: T; kind?: "menu" | "dialog" }) {
  const [isWanted, setWanted] = useState(false);
  const waiting = cloneElement(button, { ...onIntent(Menu), onClick: () => setWanted(true), "aria-haspopup": kind, "aria-expanded": false });
  return isWanted ? <Suspense fallback={waiting}><Menu button={button} {...given} /></Suspense> : waiting;
}
