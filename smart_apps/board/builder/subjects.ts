/** What a column holds, which decides how it can be filtered. */
export type Kind = "text" | "code" | "date" | "number" | "boolean" | "patient";

export interface Column {
  /** Its name in the table, and the key of its words. */
  name: string;
  path: string;
  kind: Kind;
}

/** What a report can be about, with its columns: a FHIRPath each, of at most one value. */
export interface Subject {
  type: string;
  columns: readonly Column[];
  /** Those that a new report begins with. */
  first: readonly string[];
}

const words = (path: string) => `(${path}.text | ${path}.coding.display | ${path}.coding.code).first()`;
const patient: Column = { name: "patient", path: "subject.getReferenceKey(Patient)", kind: "patient" };
const status: Column = { name: "status", path: "status", kind: "code" };

export const SUBJECTS: Readonly<Record<string, Subject>> = {
  patients: {
    type: "Patient",
    columns: [
      { name: "patient", path: "getResourceKey()", kind: "patient" },
      { name: "family_name", path: "name.where(use = 'official' or use.empty()).family.first()", kind: "text" },
      { name: "given_names", path: "name.where(use = 'official' or use.empty()).first().given.join(' ')", kind: "text" },
      { name: "record_number", path: "identifier.where(type.coding.where(code = 'MR').exists()).value.first()", kind: "text" },
      { name: "birth_date", path: "birthDate", kind: "date" },
      { name: "sex", path: "gender", kind: "code" },
      { name: "city", path: "address.city.first()", kind: "text" },
      { name: "has_died", path: "(deceased.ofType(boolean) = true) or deceased.ofType(dateTime).exists()", kind: "boolean" },
    ],
    first: ["patient", "record_number", "birth_date", "sex"],
  },
  stays: {
    type: "Encounter",
    columns: [
      patient, status,
      { name: "class", path: "class.code", kind: "code" },
      { name: "start", path: "period.start", kind: "date" },
      { name: "end", path: "period.end", kind: "date" },
      { name: "place", path: "location.location.display.last()", kind: "text" },
      { name: "reason", path: words("reasonCode.first()"), kind: "text" },
    ],
    first: ["patient", "class", "status", "start", "end"],
  },
  results: {
    type: "Observation",
    columns: [
      patient, status,
      { name: "what", path: words("code"), kind: "text" },
      { name: "code", path: "code.coding.code.first()", kind: "code" },
      { name: "category", path: "category.coding.code.first()", kind: "code" },
      { name: "value", path: "value.ofType(Quantity).value", kind: "number" },
      { name: "unit", path: "(value.ofType(Quantity).unit | value.ofType(Quantity).code).first()", kind: "text" },
      { name: "words", path: words("value.ofType(CodeableConcept)"), kind: "text" },
      { name: "interpretation", path: "interpretation.coding.code.first()", kind: "code" },
      { name: "taken", path: "(effective.ofType(dateTime) | effective.ofType(Period).start).first()", kind: "date" },
    ],
    first: ["patient", "what", "value", "unit", "interpretation", "taken"],
  },
  problems: {
    type: "Condition",
    columns: [
      patient,
      { name: "what", path: words("code"), kind: "text" },
      { name: "code", path: "code.coding.code.first()", kind: "code" },
      { name: "clinical_status", path: "clinicalStatus.coding.code.first()", kind: "code" },
      { name: "verification", path: "verificationStatus.coding.code.first()", kind: "code" },
      { name: "onset", path: "onset.ofType(dateTime)", kind: "date" },
      { name: "recorded", path: "recordedDate", kind: "date" },
    ],
    first: ["patient", "what", "clinical_status", "onset"],
  },
  medication: {
    type: "MedicationRequest",
    columns: [
      patient, status,
      { name: "what", path: words("medication.ofType(CodeableConcept)"), kind: "text" },
      { name: "dose", path: "dosageInstruction.text.first()", kind: "text" },
      { name: "ordered", path: "authoredOn", kind: "date" },
      { name: "by", path: "requester.display", kind: "text" },
    ],
    first: ["patient", "what", "dose", "status", "ordered"],
  },
  orders: {
    type: "ServiceRequest",
    columns: [
      patient, status,
      { name: "what", path: words("code"), kind: "text" },
      { name: "priority", path: "priority", kind: "code" },
      { name: "ordered", path: "authoredOn", kind: "date" },
      { name: "by", path: "requester.display", kind: "text" },
    ],
    first: ["patient", "what", "priority", "status", "ordered"],
  },
  appointments: {
    type: "Appointment",
    columns: [
      { name: "patient", path: "participant.actor.where(reference.contains('Patient/')).first().getReferenceKey(Patient)", kind: "patient" },
      status,
      { name: "start", path: "start", kind: "date" },
      { name: "end", path: "end", kind: "date" },
      { name: "what", path: "(description | serviceType.text | serviceType.coding.display).first()", kind: "text" },
      { name: "with", path: "participant.actor.where(reference.contains('Practitioner')).display.first()", kind: "text" },
    ],
    first: ["patient", "start", "with", "what", "status"],
  },
};

/** The views that come with the server: profiles/views. */
export const READY = ["patient_demographics", "encounters", "encounter_places", "encounter_states", "places", "appointments", "lab_orders", "lab_reports", "medication_orders", "alert_tasks"] as const;

export const OPERATORS: Readonly<Record<Kind, readonly Operator[]>> = {
  text: ["contains", "is", "present", "absent"],
  code: ["is", "isNot", "present", "absent"],
  date: ["from", "until", "present", "absent"],
  number: ["atLeast", "atMost", "is", "present", "absent"],
  boolean: ["yes", "no"],
  patient: ["is"],
};
export type Operator = "contains" | "is" | "isNot" | "present" | "absent" | "from" | "until" | "atLeast" | "atMost" | "yes" | "no";

/** Operators that compare with nothing. */
export const ALONE: ReadonlySet<Operator> = new Set(["present", "absent", "yes", "no"]);
