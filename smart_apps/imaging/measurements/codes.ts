import type { Code, Kind } from "./measurement.ts";

/** Concepts of measurements. PS3.16 */
export const CODES = {
  report: ["126000", "DCM", "Imaging Measurement Report"],
  measurements: ["126010", "DCM", "Imaging Measurements"],
  group: ["125007", "DCM", "Measurement Group"],
  trackingName: ["112039", "DCM", "Tracking Identifier"],
  trackingUid: ["112040", "DCM", "Tracking Unique Identifier"],
  language: ["121049", "DCM", "Language of Content Item and Descendants"],
  english: ["en", "RFC5646", "English"],
  observerType: ["121005", "DCM", "Observer Type"],
  person: ["121006", "DCM", "Person"],
  observer: ["121008", "DCM", "Person Observer Name"],
  procedure: ["121058", "DCM", "Procedure reported"],
  imaging: ["363679005", "SCT", "Imaging"],
  region: ["111030", "DCM", "Image Region"],
  source: ["121112", "DCM", "Source of Measurement"],
  length: ["410668003", "SCT", "Length"],
  angle: ["1483009", "SCT", "Angle"],
  area: ["42798000", "SCT", "Area"],
  attenuation: ["112031", "DCM", "Attenuation Coefficient"],
  signal: ["110852", "DCM", "MR signal intensity"],
  derivation: ["121401", "DCM", "Derivation"],
  mean: ["373098007", "SCT", "Mean"],
  deviation: ["386136009", "SCT", "Standard Deviation"],
  least: ["255605001", "SCT", "Minimum"],
  most: ["56851009", "SCT", "Maximum"],
} as const satisfies Record<string, Code>;

/** Units of UCUM. A remark in braces says what a number isn't: millimetres of a detector are none of a patient. */
export const UNITS = {
  mm: ["mm", "UCUM", "mm"],
  mmDetector: ["mm{detector}", "UCUM", "mm at the detector"],
  cm: ["cm", "UCUM", "cm"],
  mm2: ["mm2", "UCUM", "mm²"],
  mm2Detector: ["mm2{detector}", "UCUM", "mm² at the detector"],
  cm2: ["cm2", "UCUM", "cm²"],
  pixels: ["{pixels}", "UCUM", "pixels"],
  pixels2: ["{pixels2}", "UCUM", "square pixels"],
  degrees: ["deg", "UCUM", "°"],
  hounsfield: ["[hnsf'U]", "UCUM", "HU"],
  none: ["1", "UCUM", "no units"],
} as const satisfies Record<string, Code>;

/** What a group is called, by which it is known again for what it is. */
export const NAMES: Record<Kind, string> = { length: "Length", angle: "Angle", ellipse: "Ellipse", probe: "Point" };
