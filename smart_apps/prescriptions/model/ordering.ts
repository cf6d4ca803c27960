import type { Medication, MedicationRequest } from "fhir/r4";

import { isoDay } from "../../shared/format/dates.ts";
import { ROUTES, type Choice, type Order } from "./medicine.ts";

/** What the form holds while it is filled in. */
export interface Typed {
  medicine?: Choice;
  dose: number | string;
  unit: string;
  route: string | null;
  /** Hours between doses, or "once". */
  hours: string | null;
  asNeeded: boolean;
  days: number | string;
  reason: string;
  note: string;
  /** Organization/1, or "none"; undefined as long as nobody has chosen. */
  pharmacy?: string;
  repeats: number | string;
  /** 2027-11-30 */
  validUntil: string;
}

const HOURS_OF: Record<string, number> = { h: 1, d: 24, wk: 168 };

export const EMPTY: Typed = { dose: "", unit: "mg", route: null, hours: null, asNeeded: false, days: "", reason: "", note: "", repeats: "", validUntil: "" };

/** The fields that are missing or can't be. */
export function problems(typed: Typed): (keyof Typed)[] {
  const found: (keyof Typed)[] = [];
  if (typed.medicine === undefined) found.push("medicine");
  if (typeof typed.dose !== "number" || typed.dose <= 0) found.push("dose");
  if (typed.route === null) found.push("route");
  if (typed.hours === null) found.push("hours");
  if (typed.pharmacy === undefined) found.push("pharmacy");
  if (typed.validUntil !== "" && typed.validUntil < isoDay()) found.push("validUntil");
  return found;
}

export function orderOf(typed: Typed): Order | undefined {
  if (problems(typed).length > 0 || typed.medicine === undefined || typeof typed.dose !== "number") return undefined;
  const route = ROUTES.find((one) => one.code === typed.route);
  return {
    medicine: typed.medicine,
    dose: typed.dose,
    unit: typed.unit,
    route: { coding: [{ system: "http://snomed.info/sct", code: route?.code, display: route?.display }], text: route?.display },
    hours: typed.hours === "once" ? undefined : Number(typed.hours),
    asNeeded: typed.asNeeded,
    days: typeof typed.days === "number" ? typed.days : undefined,
    reason: typed.reason.trim(),
    note: typed.note.trim(),
    repeats: typeof typed.repeats === "number" ? typed.repeats : undefined,
    validUntil: typed.validUntil === "" ? undefined : typed.validUntil,
  };
}

/** The medicine that a prescription has in itself: https://hl7.org/fhir/R4/references.html#contained */
export function containedMedicine(request: MedicationRequest): Medication | undefined {
  const own = request.medicationReference?.reference;
  return request.contained?.find((one): one is Medication => one.resourceType === "Medication" && own === `#${one.id ?? ""}`);
}

/** A prescription to renew, back in the form; `medication` is what it refers to. Without a code there is no medicine to choose. */
export function typedFrom(request: MedicationRequest, medication?: Medication): Typed {
  const dosage = request.dosageInstruction?.[0];
  const repeat = dosage?.timing?.repeat;
  const concept = request.medicationCodeableConcept ?? medication?.code;
  const coding = concept?.coding?.find((one) => one.code !== undefined);
  const hours = repeat?.period === undefined ? undefined : (repeat.period * (HOURS_OF[repeat.periodUnit ?? ""] ?? NaN)) / (repeat.frequency ?? 1);
  return {
    ...EMPTY,
    medicine: coding?.code === undefined ? undefined : { system: coding.system ?? "", code: coding.code, display: coding.display ?? concept?.text ?? coding.code },
    dose: dosage?.doseAndRate?.[0]?.doseQuantity?.value ?? "",
    unit: dosage?.doseAndRate?.[0]?.doseQuantity?.code ?? "mg",
    route: dosage?.route?.coding?.[0]?.code ?? null,
    hours: repeat?.count === 1 ? "once" : hours === undefined || Number.isNaN(hours) ? null : String(hours),
    asNeeded: dosage?.asNeededBoolean === true,
    reason: request.reasonCode?.[0]?.text ?? "",
    pharmacy: request.dispenseRequest?.performer?.reference,
    repeats: request.dispenseRequest?.numberOfRepeatsAllowed ?? "",
  };
}
