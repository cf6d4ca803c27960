import { language } from "../shared/i18n/i18n.ts";

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const;

/** So many seconds in the largest unit that fits: 4 min, 2 hr, 3 days. */
export function lasting(seconds: number): string {
  const size = Math.max(0, Math.round(seconds));
  const [unit, length] = UNITS.find(([, of]) => size >= of) ?? UNITS[3];
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "short" }).format(Math.trunc(size / length));
}
