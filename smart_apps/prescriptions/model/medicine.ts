import type { CodeableConcept, Dosage, MedicationAdministration, MedicationDispense, MedicationRequest, MedicationStatement, Reference } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { quantity } from "../../shared/format/quantities.ts";

type Medicated = Pick<MedicationRequest | MedicationStatement | MedicationDispense | MedicationAdministration, "medicationCodeableConcept" | "medicationReference">;

/** The medicine as a person reads it; never cut. */
export function medicineName(of: Medicated): string {
  return words(of.medicationCodeableConcept) || (of.medicationReference?.display ?? of.medicationReference?.reference ?? "");
}

/** Dose, route and frequency on one line, as the prescriber wrote it or put together from its parts. */
export function dosageText(dosage: Dosage | undefined): string {
  if (dosage === undefined) return "";
  if (dosage.text !== undefined) return dosage.text;
  const repeat = dosage.timing?.repeat;
  const often = repeat?.period === undefined ? (dosage.timing?.code?.text ?? "") : `${repeat.frequency ?? 1} × / ${repeat.period === 1 ? "" : repeat.period}${repeat.periodUnit ?? ""}`;
  return [quantity(dosage.doseAndRate?.[0]?.doseQuantity), words(dosage.route), often].filter((part) => part !== "").join(" · ");
}

/** A medicine that can be chosen. */
export interface Choice {
  system: string;
  code: string;
  display: string;
}

export interface Order {
  medicine: Choice;
  dose: number;
  unit: string;
  route: CodeableConcept;
  /** Hours between doses; undefined for a single dose. */
  hours?: number;
  asNeeded: boolean;
  reason: string;
  days?: number;
  note: string;
  /** How many times it may be dispensed again. */
  repeats?: number;
  /** The last day on which it may be dispensed: 2027-11-30. */
  validUntil?: string;
}

export interface Context {
  patient: string;
  encounter?: string;
  /** Whether it is for the ward, which gives it. */
  isInpatient: boolean;
  /** The pharmacy that dispenses it. */
  performer?: Reference;
  requester?: string;
  authoredOn: string;
  /** The prescription that this one takes the place of. */
  prior?: string;
}

/** How often, in words: what the dosage text says. */
export interface Words {
  every: (hours: number) => string;
  once: string;
  asNeeded: string;
  days: (n: number) => string;
}

/** A medicine that is being selected: what is checked before the rest is said. */
export function selection(medicine: Choice, about: { patient: string; prior?: string }): MedicationRequest & { id: string } {
  return {
    resourceType: "MedicationRequest", id: "draft", status: "draft", intent: "order",
    medicationCodeableConcept: { coding: [{ ...medicine }], text: medicine.display },
    subject: { reference: `Patient/${about.patient}` },
    priorPrescription: reference("MedicationRequest", about.prior),
  };
}

/** A MedicationRequest as it is checked (draft) and signed (active): https://hl7.org/fhir/R4/medicationrequest.html */
export function prescription(order: Order, about: Context, status: "draft" | "active", words_: Words): MedicationRequest {
  const quantityOf = { value: order.dose, unit: order.unit, system: "http://unitsofmeasure.org", code: order.unit };
  const text = [
    `${order.dose} ${order.unit}`,
    words(order.route).toLocaleLowerCase(),
    order.hours === undefined ? words_.once : words_.every(order.hours),
    order.asNeeded ? words_.asNeeded : "",
    order.days === undefined ? "" : words_.days(order.days),
  ];
  return {
    resourceType: "MedicationRequest",
    status,
    intent: "order",
    priority: "routine",
    category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/medicationrequest-category", code: about.isInpatient ? "inpatient" : "outpatient" }] }],
    medicationCodeableConcept: { coding: [{ ...order.medicine }], text: order.medicine.display },
    subject: { reference: `Patient/${about.patient}` },
    encounter: reference("Encounter", about.encounter),
    requester: about.requester === undefined ? undefined : { reference: about.requester },
    authoredOn: about.authoredOn,
    reasonCode: order.reason === "" ? undefined : [{ text: order.reason }],
    priorPrescription: reference("MedicationRequest", about.prior),
    note: order.note === "" ? undefined : [{ text: order.note }],
    dispenseRequest: dispenseRequest(order, about),
    dosageInstruction: [
      {
        sequence: 1,
        text: text.filter((part) => part !== "").join(" "),
        route: order.route,
        asNeededBoolean: order.asNeeded,
        timing: order.hours === undefined ? { repeat: { count: 1, frequency: 1, period: 1, periodUnit: "d" } } : {
          repeat: {
            frequency: 1,
            period: order.hours,
            periodUnit: "h",
            ...(order.days === undefined ? {} : { boundsDuration: { value: order.days, unit: "days", system: "http://unitsofmeasure.org", code: "d" } }),
          },
        },
        doseAndRate: [{ doseQuantity: quantityOf }],
      },
    ],
  };
}

/** Whom it names serves the patient for as long as it may be dispensed. */
function dispenseRequest(order: Order, about: Context): MedicationRequest["dispenseRequest"] {
  const until = order.validUntil === undefined ? undefined : { start: about.authoredOn, end: order.validUntil };
  if (about.performer === undefined && until === undefined && order.repeats === undefined) return undefined;
  return { performer: about.performer, validityPeriod: until, numberOfRepeatsAllowed: order.repeats };
}

function reference(type: string, id: string | undefined): Reference | undefined {
  return id === undefined ? undefined : { reference: `${type}/${id}` };
}

/** Routes of administration, SNOMED CT as the demo hospital uses them. */
export const ROUTES: readonly { code: string; key: string; display: string }[] = [
  { code: "26643006", key: "oral", display: "Oral route" },
  { code: "47625008", key: "intravenous", display: "Intravenous route" },
  { code: "34206005", key: "subcutaneous", display: "Subcutaneous route" },
  { code: "78421000", key: "intramuscular", display: "Intramuscular route" },
  { code: "447694001", key: "inhaled", display: "Respiratory tract route" },
  { code: "37161004", key: "rectal", display: "Rectal route" },
  { code: "6064005", key: "topical", display: "Topical route" },
];

export const UNITS = ["mg", "g", "ug", "mL", "[IU]", "{puff}", "{tbl}", "mmol"] as const;
