import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

export type View = "day" | "week" | "list";

export interface CalendarState {
  view: View | undefined;
  day: string | undefined;
  /** References of the rows that are shown; undefined is as it comes. */
  of: string[] | undefined;
  alsoCancelled: boolean;
  /** The appointment that is open. */
  open: string | undefined;
}

const KEPT = "calendar-of";

/** What the calendar shows is in the address, so that it can be sent and gone back to. */
export function useCalendarState(): [CalendarState, (change: Partial<CalendarState>) => void] {
  const [query, setQuery] = useSearchParams();
  const state = useMemo<CalendarState>(() => {
    const view = query.get("view");
    const day = query.get("day");
    const of = query.get("of") ?? sessionStorage.getItem(KEPT);
    return {
      view: view === "day" || view === "week" || view === "list" ? view : undefined,
      day: day !== null && /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : undefined,
      of: of === null || of === "" ? undefined : of.split(","),
      alsoCancelled: query.get("cancelled") === "1",
      open: query.get("open") ?? undefined,
    };
  }, [query]);
  const change = useCallback((changed: Partial<CalendarState>) => {
    if ("of" in changed) sessionStorage.setItem(KEPT, changed.of?.join(",") ?? "");
    setQuery((before) => {
      const made = new URLSearchParams(before);
      const put = (name: string, value: string | undefined) => value === undefined || value === "" ? made.delete(name) : made.set(name, value);
      if ("view" in changed) put("view", changed.view);
      if ("day" in changed) put("day", changed.day);
      if ("of" in changed) put("of", changed.of?.join(","));
      if ("alsoCancelled" in changed) put("cancelled", changed.alsoCancelled === true ? "1" : undefined);
      if ("open" in changed) put("open", changed.open);
      return made;
    }, { replace: true });
  }, [setQuery]);
  return [state, change];
}
