import type { Observation, ObservationComponent } from "fhir/r4";

import { words } from "./codes.ts";
import { level, quantity } from "./quantities.ts";
import { useTexts } from "../i18n/i18n.ts";

const ARROWS = { HH: "↑↑", H: "↑", L: "↓", LL: "↓↓", A: "!", AA: "!!" } as const;

/** What was measured or found, in words. */
export function valueText(of: Observation | ObservationComponent): string {
  if (of.valueQuantity !== undefined) return quantity(of.valueQuantity);
  if (of.valueCodeableConcept !== undefined) return words(of.valueCodeableConcept);
  if (of.valueRange !== undefined) return [of.valueRange.low, of.valueRange.high].map(quantity).join("–");
  if (of.valueRatio !== undefined) return [of.valueRatio.numerator, of.valueRatio.denominator].map(quantity).join(" : ");
  const plain = of.valueString ?? of.valueInteger ?? of.valueDateTime ?? of.valueTime ?? of.valueBoolean;
  return plain === undefined ? words(of.dataAbsentReason) : String(plain);
}

/** A value with its unit, and letter, arrow and word of how abnormal it is. */
export function Value({ of }: { of: Observation | ObservationComponent }) {
  const { t } = useTexts();
  const how = level(of);
  const isFlagged = how !== undefined && how !== "N";
  const isLong = of.valueQuantity === undefined;
  return (
    <span className={isFlagged ? `fs-level-${how}` : undefined}>
      <span className={isLong ? undefined : "fs-value"}>{valueText(of)}</span>
      {isFlagged && <span style={{ whiteSpace: "nowrap" }}> <abbr title={t(`level.${how}`)} style={{ textDecoration: "none" }}>{how}</abbr> <span aria-hidden>{ARROWS[how]}</span><span className="fs-hidden">{t(`level.${how}`)}</span></span>}
    </span>
  );
}
