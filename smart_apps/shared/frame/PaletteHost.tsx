import { useHotkeys } from "@mantine/hooks";
import { Suspense, useEffect, useState } from "react";

import { part } from "../parts/part.tsx";
import type { Place } from "./navigation.ts";

const Palette = part(() => import("./Palette.tsx"));
const openers = new Set<() => void>();

/** Opens the palette, as Ctrl K does. */
export function openPalette(): void {
  for (const open of openers) open();
}

/** Loads the palette when it is first wanted. */
export function PaletteHost(given: { places: readonly Place[]; patientPath?: (id: string) => string }) {
  const [opened, setOpened] = useState(0);
  const open = () => setOpened((times) => times + 1);
  useHotkeys([["mod+K", open]], []);
  useEffect(() => {
    openers.add(open);
    return () => {
      openers.delete(open);
    };
  }, []);
  if (opened === 0) return null;
  return <Suspense><Palette {...given} opened={opened} /></Suspense>;
}
