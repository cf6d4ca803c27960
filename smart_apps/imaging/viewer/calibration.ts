import { items, number, numbers, text, type Attributes } from "./dicom.ts";

/**
 * What lengths in an image mean. PS3.3 10.7.1.3 says what Pixel Spacing is of, and when it isn't of the patient.
 *
 * patient: millimetres in the patient. detector: millimetres at the detector, larger than in the patient.
 * region: ultrasound, centimetres within the regions that the machine names. none: pixels.
 */
export type Calibration = "patient" | "detector" | "region" | "none";

const PROJECTION = new Set(["CR", "DX", "RG", "MG", "XA", "RF", "IO", "PX"]);
const CENTIMETRES = 3;

export function calibrationOf(image: Attributes): Calibration {
  const isRegion = (one: Attributes) => number(one, "00186024") === CENTIMETRES && number(one, "00186026") === CENTIMETRES;
  if (items(image, "00186011").some(isRegion)) return "region";
  const spacing = spacingOf(image);
  if (spacing !== undefined) {
    if (!PROJECTION.has(text(image, "00080060") ?? "")) return "patient";
    // Of a projection, Pixel Spacing is of the patient only when it was calibrated, which then differs from the detector's.
    const detector = numbers(image, "00181164", 2);
    const isSame = detector !== undefined && detector.every((one, n) => Math.abs(one - (spacing[n] ?? 0)) < 1e-6);
    const isSaid = text(image, "00280A02") !== undefined;
    return isSaid || (detector !== undefined && !isSame) ? "patient" : "detector";
  }
  return detectorSpacing(image) === undefined ? "none" : "detector";
}

/**
 * The image with the spacing at its detector as its Pixel Spacing, where it has no other: lengths are then in millimetres.
 * Without that the proportions of its pixels keep its shape, and lengths are in widths of a pixel.
 */
export function withSpacing(image: Attributes): Attributes {
  if (spacingOf(image) !== undefined) return image;
  const spacing = detectorSpacing(image) ?? proportions(image);
  return spacing === undefined ? image : { ...image, "00280030": { vr: "DS", Value: spacing } };
}

/**
 * The unit of a length that the library has calculated; it calls everything without a place in the patient pixels.
 * `said` is its own word, which alone knows what lies within a region of an ultrasound picture.
 */
export function lengthUnit(image: Attributes, said: string): "mm" | "cm" | "px" | undefined {
  const isInRegion = said.endsWith(" US Region");
  if (isInRegion) return said.startsWith("cm ") ? "cm" : undefined;
  return (spacingOf(image) ?? detectorSpacing(image)) === undefined ? "px" : "mm";
}

function spacingOf(image: Attributes): number[] | undefined {
  const shared = items(image, "52009229")[0] ?? {};
  const first = items(image, "52009230")[0] ?? {};
  const inGroups = [shared, first].flatMap((group) => items(group, "00289110")).find((one) => numbers(one, "00280030", 2) !== undefined);
  return positive(numbers(image, "00280030", 2)) ?? positive(inGroups === undefined ? undefined : numbers(inGroups, "00280030", 2));
}

/** Pixel Aspect Ratio, height to width: what an image without any spacing says of its pixels. PS3.3 C.7.6.3.1.7 */
function proportions(image: Attributes): number[] | undefined {
  const [height = 1, width = 1] = positive(numbers(image, "00280034", 2)) ?? [];
  return height === width ? undefined : [height / width, 1];
}

/** Imager Pixel Spacing, or that of a scanned film. */
function detectorSpacing(image: Attributes): number[] | undefined {
  return positive(numbers(image, "00181164", 2)) ?? positive(numbers(image, "00182010", 2));
}

function positive(spacing: number[] | undefined): number[] | undefined {
  return spacing?.every((one) => one > 0) === true ? spacing : undefined;
}
