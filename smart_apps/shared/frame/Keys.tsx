import { Suspense, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";

import { part } from "../parts/part.tsx";
import type { Place } from "./navigation.ts";

const KeysHelp = part(() => import("./KeysHelp.tsx"));
const OFF = "keys-off";

/** Single keys: "?" shows them, "g" and a letter go to a place. They can be turned off (WCAG 2.1.4). */
export function Keys({ places }: { places: readonly Place[] }) {
  const [, go] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const [isOn, setOn] = useState(() => sessionStorage.getItem(OFF) === null);
  const before = useRef(0);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (!isOn || event.ctrlKey || event.metaKey || event.altKey || target?.closest("input, textarea, select, [contenteditable], [role=dialog]") != null) return;
      if (event.key === "?") setOpen(true);
      else if (event.key === "g") before.current = event.timeStamp;
      else if (event.timeStamp - before.current < 1500) {
        const place = places.find((one) => one.key === event.key);
        if (place !== undefined) go(`/${place.path}`);
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [go, isOn, places]);
  if (!isOpen) return null;
  const turn = (on: boolean) => {
    setOn(on);
    if (on) sessionStorage.removeItem(OFF);
    else sessionStorage.setItem(OFF, "1");
  };
  return <Suspense><KeysHelp places={places} isOn={isOn} turn={turn} onClose={() => setOpen(false)} /></Suspense>;
}
