import { isoDay } from "../../shared/format/dates.ts";

export interface Period {
  /** Days, both included: 2026-11-01. */
  start: string;
  end: string;
}

export const PRESETS = ["today", "week", "days30", "month", "lastMonth", "year"] as const;
export type Preset = (typeof PRESETS)[number];

export function presetPeriod(preset: Preset, now = new Date()): Period {
  const back = (days: number) => isoDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days));
  const end = isoDay(now);
  if (preset === "today") return { start: end, end };
  if (preset === "week") return { start: back(6), end };
  if (preset === "days30") return { start: back(29), end };
  if (preset === "month") return { start: isoDay(new Date(now.getFullYear(), now.getMonth(), 1)), end };
  if (preset === "lastMonth") return { start: isoDay(new Date(now.getFullYear(), now.getMonth() - 1, 1)), end: isoDay(new Date(now.getFullYear(), now.getMonth(), 0)) };
  return { start: back(364), end };
}

/** The period in an address; the last thirty days where there is none that makes sense. */
export function periodIn(search: string): Period {
  const given = new URLSearchParams(search);
  const [start, end] = [given.get("start") ?? "", given.get("end") ?? ""];
  const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  return isDay(start) && isDay(end) && start <= end ? { start, end } : presetPeriod("days30");
}

/** Which preset a period is. */
export function presetOf(period: Period): Preset | undefined {
  return PRESETS.find((preset) => {
    const one = presetPeriod(preset);
    return one.start === period.start && one.end === period.end;
  });
}
