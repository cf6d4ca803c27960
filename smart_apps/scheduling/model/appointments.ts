import type { Appointment, AppointmentParticipant, Bundle, Patient, Slot } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";
import { words } from "../../shared/format/codes.ts";
import { formalName } from "../../shared/format/people.ts";

export const SERIES = "https://fhirserver.example/NamingSystem/appointment-series";
export const HOLD_ENDS = "https://fhirserver.example/StructureDefinition/appointment-hold-ends";
export const WAITED = "https://fhirserver.example/StructureDefinition/appointment-waited";
export const REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";

export type Status = Appointment["status"];

/** What a calendar shows; what was called off is shown when it is asked for. */
export const SHOWN: Status[] = ["pending", "booked", "arrived", "checked-in", "fulfilled", "noshow"];
/** In these a time is kept. */
export const KEEPING: Status[] = ["pending", "booked", "arrived", "checked-in"];

export function refOf(participant: AppointmentParticipant): string {
  return participant.actor?.reference ?? "";
}

export function patientRef(appointment: Appointment): string | undefined {
  return appointment.participant.map(refOf).find((ref) => idIn(ref, "Patient") !== undefined);
}

export function patientIdOf(appointment: Appointment): string | undefined {
  return idIn(patientRef(appointment), "Patient");
}

/** Whose time it takes: who has declined, or is only told of it, isn't there. */
export function comers(appointment: Appointment): string[] {
  return appointment.participant
    .filter((one) => one.status !== "declined" && one.required !== "information-only")
    .map(refOf)
    .filter((ref) => /^(?:Practitioner|PractitionerRole|Location|Device)\//.test(ref));
}

/** The names of those who take part, other than the patient, as the appointment tells them. */
export function others(appointment: Appointment, labels: ReadonlyMap<string, string>): string[] {
  return appointment.participant
    .filter((one) => !refOf(one).startsWith("Patient/") && one.status !== "declined")
    .map((one) => labels.get(refOf(one)) ?? one.actor?.display ?? words(one.type?.[0]))
    .filter((label) => label !== "");
}

/** Who comes: the patient's name from the record, else as the appointment tells it. */
export function patientName(appointment: Appointment, patients: ReadonlyMap<string, Patient>): string {
  const ref = patientRef(appointment);
  const known = patients.get(idIn(ref, "Patient") ?? "");
  return formalName(known?.name) || (appointment.participant.find((one) => refOf(one) === ref)?.actor?.display ?? "");
}

/** What it is for: the service, else the kind. */
export function serviceOf(appointment: Appointment): string {
  return words(appointment.serviceType?.[0]) || words(appointment.appointmentType) || words(appointment.specialty?.[0]);
}

/** Why, as it was written: reason, description. */
export function reasonOf(appointment: Appointment): string {
  return words(appointment.reasonCode?.[0]) || appointment.description || "";
}

export function isSeries(appointment: Appointment): boolean {
  return appointment.identifier?.some((one) => one.system === SERIES) === true;
}

/** When a hold ends by itself; undefined when nothing is held. */
export function holdEnds(appointment: Appointment): string | undefined {
  return appointment.status === "pending" ? appointment.extension?.find((one) => one.url === HOLD_ENDS)?.valueInstant : undefined;
}

/** Whether a time is held for somebody of the waiting list. */
export function isOffer(appointment: Appointment): boolean {
  return holdEnds(appointment) !== undefined && appointment.extension?.some((one) => one.url === WAITED) === true;
}

/** A hold that is over keeps nothing, whether or not somebody has tidied it up. */
export function keepsTime(appointment: Appointment, now: Date): boolean {
  if (!KEEPING.includes(appointment.status) || appointment.start === undefined || appointment.end === undefined) return false;
  const ends = holdEnds(appointment);
  return ends === undefined || Date.parse(ends) > now.getTime();
}

export function overlaps(appointment: Appointment, start: Date, end: Date): boolean {
  return Date.parse(appointment.start ?? "") < end.getTime() && Date.parse(appointment.end ?? "") > start.getTime();
}

/** Those of a searchset, without those that keep nothing any more. */
export function current(appointments: Appointment[], now: Date): Appointment[] {
  return appointments.filter((one) => one.status !== "pending" || keepsTime(one, now));
}

export function patientsIn(bundle: Bundle | undefined): Map<string, Patient> {
  const found = (bundle?.entry ?? []).map((entry) => entry.resource).filter((one): one is Patient => one?.resourceType === "Patient");
  return new Map(found.map((one) => [one.id ?? "", one]));
}

export function slotRefs(appointment: Appointment): string[] {
  return (appointment.slot ?? []).map((one) => one.reference ?? "");
}

export function slotIds(appointment: Appointment): string[] {
  return slotRefs(appointment).map((ref) => idIn(ref, "Slot")).filter((id): id is string => id !== undefined);
}

export function scheduleIdOf(slot: Slot): string {
  return idIn(slot.schedule.reference, "Schedule") ?? "";
}

/** What may become of it, in the order in which it happens. */
export function nextStatuses(appointment: Appointment, now: Date): Status[] {
  const begins = Date.parse(appointment.start ?? "");
  switch (appointment.status) {
    case "booked":
      return begins < now.getTime() ? ["arrived", "noshow", "fulfilled"] : ["arrived"];
    case "arrived":
      return ["checked-in", "fulfilled"];
    case "checked-in":
      return ["fulfilled"];
    case "noshow":
      return ["arrived"];
    default:
      return [];
  }
}
