import { lazy, type ComponentType, type ReactNode } from "react";

/** Something whose scripts can be loaded before it is shown. */
export interface Preparable {
  prepare: () => void;
}

export type Part<P> = ((props: P) => ReactNode) & Preparable;

type Loaded<P> = Promise<{ default: ComponentType<P> }>;

/** React shows a failure within this time; only then may what failed be loaded anew, or it would go round without end. */
const RENEWED_MS = 500;

/**
 * A part of a page that is loaded when it is first shown, within <Suspense>, or when somebody is about to want it: see
 * `onIntent`. Its file exports it as default. What couldn't be loaded is loaded anew when it is shown again.
 */
export function part<P extends object>(load: () => Loaded<P>): Part<P> {
  let coming: Loaded<P> | undefined;
  const loaded = () =>
    (coming ??= load().catch((error: unknown) => {
      coming = undefined;
      setTimeout(() => { Shown = lazy(loaded); }, RENEWED_MS);
      throw error;
    }));
  let Shown = lazy(loaded);
  return Object.assign((props: P) => <Shown {...props} />, { prepare: () => void loaded().catch(() => undefined) });
}

/** For what leads to parts, a button or a link: pointed at or focussed, it has them loaded before it is pressed. */
export function onIntent(...parts: readonly (Preparable | undefined)[]) {
  const prepare = () => {
    for (const one of parts) one?.prepare();
  };
  return { onPointerEnter: prepare, onFocus: prepare };
}
