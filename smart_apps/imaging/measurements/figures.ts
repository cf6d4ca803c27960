import { CODES, UNITS } from "./codes.ts";
import type { Figure } from "./measurement.ts";

/** A number as it is shown beside the picture: 45.3, 120. */
export function rounded(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : 1);
}

/** What a figure says; the texts are those of `measured.*`. */
export function saying({ concept, derivation, value, unit }: Figure, t: (key: string) => string): string {
  const code = derivation?.[0] ?? concept[0];
  const name = Object.entries(NAMED).find(([, one]) => one === code)?.[0];
  const [written, remark] = unitOf(unit[0]);
  const number = `${rounded(value)}${written === "°" || written === "" ? written : `\u00a0${written}`}`;
  return [name === undefined ? undefined : t(`measured.${name}`), number, remark === undefined ? undefined : t(`measured.${remark}`)].filter((one) => one !== undefined).join(" ");
}

const NAMED = { area: CODES.area[0], mean: CODES.mean[0], sd: CODES.deviation[0], least: CODES.least[0], most: CODES.most[0] };

function unitOf(code: string): [unit: string, remark?: "detector" | "pixels"] {
  switch (code) {
    case UNITS.mmDetector[0]: return ["mm", "detector"];
    case UNITS.mm2Detector[0]: return ["mm²", "detector"];
    case UNITS.pixels[0]: return ["px", "pixels"];
    case UNITS.pixels2[0]: return ["px²", "pixels"];
    case UNITS.degrees[0]: return ["°"];
    case UNITS.hounsfield[0]: return ["HU"];
    case UNITS.none[0]: return [""];
    default: return [code.replace("2", "²")];
  }
}
