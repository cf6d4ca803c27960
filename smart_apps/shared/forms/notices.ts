import type { ReactNode } from "react";

/** What is said at the foot of the page about something that was done, or wasn't. */
export interface Notice {
  id: number;
  message: ReactNode;
  title?: string;
  color: "green" | "red";
  /** For so long it is shown; without, until it is closed. */
  shownMs?: number;
}

let notices: readonly Notice[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(changed: readonly Notice[]): void {
  notices = changed;
  for (const heard of listeners) heard();
}

/** Says something; gives its number, by which it can be taken away. */
export function notify(notice: Omit<Notice, "id">): number {
  last += 1;
  set([...notices, { ...notice, id: last }]);
  return last;
}

export function unsay(id: number): void {
  set(notices.filter((one) => one.id !== id));
}

/** What is said now, oldest first, for useSyncExternalStore. */
export const saidNow = {
  subscribe: (heard: () => void) => {
    listeners.add(heard);
    return () => {
      listeners.delete(heard);
    };
  },
  current: (): readonly Notice[] => notices,
};
