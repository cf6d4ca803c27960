import type { BundleEntry, Observation } from "fhir/r4";

import { plain } from "../../shared/format/quantities.ts";
import { ACVPU, CONSCIOUSNESS, LOINC, PRESSURE, SIGNS, UCUM, type Sign } from "./signs.ts";

/** What is typed, by the key of a sign; "" where it wasn't measured. */
export type Typed = Partial<Record<string, string>>;

/** Each entry has an identifier of this system, so that sending it twice stores it once. */
export const ENTRY = "https://fhirserver.example/vital-signs-entry";
const VITALS = "http://terminology.hl7.org/CodeSystem/observation-category";
const SNOMED = "http://snomed.info/sct";

const NAMES: Partial<Record<string, string>> = {
  respiration: "Respiratory rate", saturation: "Oxygen saturation in Arterial blood", oxygen: "Inhaled oxygen flow rate", systolic: "Systolic blood pressure",
  diastolic: "Diastolic blood pressure", pulse: "Heart rate", temperature: "Body temperature", pain: "Pain severity - 0-10 verbal numeric rating [Score] - Reported", weight: "Body weight",
};

export type Doubt = "number" | "impossible" | "digits" | "unusual" | "both" | "order" | "needed";

/** A number as people type it, with a comma or a point. */
export function numberOf(typed: string): number | undefined {
  const text = typed.trim().replace(",", ".");
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** What is wrong with a value ("number", "impossible", "digits") or to be asked about ("unusual"). */
export function doubtOf(sign: Sign, typed: string): Doubt | undefined {
  if (typed.trim() === "") return undefined;
  const value = numberOf(typed);
  if (value === undefined) return "number";
  if (value < sign.possible[0] || value > sign.possible[1]) return "impossible";
  if ((typed.trim().split(/[.,]/)[1] ?? "").length > sign.digits) return "digits";
  if (value < sign.usual[0] || value > sign.usual[1]) return "unusual";
  return undefined;
}

/** What is to be mended before it can be saved, by sign. */
export function errorsOf(typed: Typed): Record<string, Doubt> {
  const errors: Record<string, Doubt> = {};
  for (const sign of SIGNS) {
    const doubt = doubtOf(sign, typed[sign.key] ?? "");
    if (doubt !== undefined && doubt !== "unusual") errors[sign.key] = doubt;
  }
  const [systolic, diastolic] = [numberOf(typed.systolic ?? ""), numberOf(typed.diastolic ?? "")];
  if (systolic !== undefined && diastolic !== undefined && diastolic >= systolic) errors.diastolic = "order";
  if ((typed.systolic ?? "").trim() === "" && diastolic !== undefined) errors.systolic = "both";
  return errors;
}

/** The signs whose values have to be confirmed. */
export function unusualOf(typed: Typed): Sign[] {
  return SIGNS.filter((sign) => doubtOf(sign, typed[sign.key] ?? "") === "unusual");
}

export function isEmpty(typed: Typed): boolean {
  return Object.values(typed).every((value) => (value ?? "").trim() === "");
}

/** The Observations of one round, each of which is created once however often it is sent. */
export function entriesOf(typed: Typed, about: { patient: string; encounter?: string; performer?: { reference: string; display?: string }; at: string; id: string }): BundleEntry[] {
  const observations: [string, Partial<Observation>][] = [];
  const measured = (key: string) => numberOf(typed[key] ?? "");
  const sign = (key: string) => SIGNS.find((one) => one.key === key);
  const concept = (key: string) => ({ coding: [{ system: LOINC, code: sign(key)?.code, display: NAMES[key] }], text: NAMES[key] });
  const value = (key: string, n: number) => ({ value: n, unit: sign(key)?.shown === "/10" ? "points" : sign(key)?.shown, system: UCUM, code: sign(key)?.unit });
  for (const { key } of SIGNS) {
    const n = measured(key);
    if (n === undefined || key === "systolic" || key === "diastolic") continue;
    const code = concept(key);
    // FHIR's profile of oxygen saturation wants both of its codes.
    if (key === "saturation") code.coding.push({ system: LOINC, code: "59408-5", display: "Oxygen saturation in Arterial blood by Pulse oximetry" });
    observations.push([key, { code, valueQuantity: value(key, n) }]);
  }
  const systolic = measured("systolic");
  const diastolic = measured("diastolic");
  if (systolic !== undefined) {
    const lacking = { dataAbsentReason: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/data-absent-reason", code: "not-performed", display: "Not Performed" }] } };
    observations.push(["pressure", {
      code: { coding: [{ system: LOINC, code: PRESSURE, display: "Blood pressure panel with all children optional" }], text: "Blood pressure" },
      component: [
        { code: concept("systolic"), valueQuantity: value("systolic", systolic) },
        { code: concept("diastolic"), ...(diastolic === undefined ? lacking : { valueQuantity: value("diastolic", diastolic) }) },
      ],
    }]);
  }
  const acvpu = ACVPU.find((one) => one.key === typed.consciousness);
  if (acvpu !== undefined) {
    observations.push(["consciousness", {
      code: { coding: [{ system: LOINC, code: CONSCIOUSNESS, display: "Level of responsiveness" }], text: "Level of responsiveness" },
      valueCodeableConcept: { coding: [{ system: SNOMED, code: acvpu.code, display: acvpu.display }], text: acvpu.display },
    }]);
  }
  return observations.map(([key, part]) => {
    const identifier = { system: ENTRY, value: `${about.id}-${key}` };
    const resource = {
      resourceType: "Observation",
      identifier: [identifier],
      status: "final",
      category: [{ coding: [{ system: VITALS, code: "vital-signs", display: "Vital Signs" }] }],
      subject: { reference: `Patient/${about.patient}` },
      effectiveDateTime: about.at,
      ...(about.encounter === undefined ? {} : { encounter: { reference: `Encounter/${about.encounter}` } }),
      ...(about.performer === undefined ? {} : { performer: [about.performer] }),
      ...part,
    } as Observation;
    return { resource, request: { method: "POST", url: "Observation", ifNoneExist: `identifier=${identifier.system}|${identifier.value}` } };
  });
}

/** "Heart rate 180 /min", to be read once more before it is saved, or when it couldn't be sent. */
export function toldOf(entries: readonly BundleEntry[]): string[] {
  return entries.map(({ resource }) => {
    const one = resource as Observation;
    const parts = one.component ?? [one];
    const values = parts.map((part) => (part.valueQuantity?.value === undefined ? (part.valueCodeableConcept?.text ?? "") : plain(part.valueQuantity.value))).filter((text) => text !== "");
    return `${one.code.text ?? ""} ${values.join("/")}\u00a0${parts[0]?.valueQuantity?.unit ?? ""}`.trim();
  });
}
