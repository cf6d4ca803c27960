import { useCallback, useState } from "react";

import type { Alert } from "./alerts.ts";

/** A list that doesn't move under the hand: while it is held, what is new waits, and what is gone stays and says so. */
export function useSteady(alerts: readonly Alert[], isHeld: boolean) {
  const [kept, setKept] = useState(alerts);
  if (!isHeld && kept !== alerts) setKept(alerts);
  const show = () => setKept(alerts);
  if (!isHeld) return { shown: alerts, fresh: [], show };
  return { ...steady(kept, alerts), show };
}

/** What is shown of `kept` as it is now, and what is new. */
export function steady(kept: readonly Alert[], now: readonly Alert[]): { shown: Alert[]; fresh: Alert[] } {
  const current = new Map(now.map((one) => [one.id, one]));
  const before = new Set(kept.map((one) => one.id));
  return {
    shown: kept.map((one) => current.get(one.id) ?? { ...one, state: "withdrawn" as const }),
    fresh: now.filter((one) => !before.has(one.id)),
  };
}

/** Whether the pointer or the focus is in a list: then it must not move. */
export function useHeld() {
  const [isHeld, setHeld] = useState(false);
  const held = useCallback((list: HTMLElement | null) => {
    if (list === null) return;
    const hold = () => setHeld(true);
    const release = () => setHeld(false);
    const begins = ["pointerenter", "focusin"];
    const ends = ["pointerleave", "focusout"];
    for (const name of begins) list.addEventListener(name, hold);
    for (const name of ends) list.addEventListener(name, release);
    return () => {
      for (const name of begins) list.removeEventListener(name, hold);
      for (const name of ends) list.removeEventListener(name, release);
      release();
    };
  }, []);
  return { isHeld, held };
}
