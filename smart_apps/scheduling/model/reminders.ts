import type { Appointment, Communication, Patient } from "fhir/r4";

import { hasCode } from "../../shared/format/codes.ts";

const PREFERENCE = "https://fhirserver.example/StructureDefinition/patient-reminders";

export type Reminded =
  | { state: "sent"; at: string | undefined; by: "email" | "sms" | undefined }
  | { state: "unreachable" | "unwanted" | "none" | "sending" };

/** Whether the patient was reminded of this appointment. `sent` is what was sent to patients, the newest first. */
export function reminded(appointment: Appointment & { id: string }, patient: Patient | undefined, sent: readonly Communication[], isUnreachable: boolean): Reminded {
  const own = sent.filter((one) => one.about?.some((about) => about.reference === `Appointment/${appointment.id}`) === true && isForThisTime(one, appointment));
  const done = own.find((one) => one.status === "completed");
  if (done !== undefined) {
    const medium = done.medium?.[0];
    return { state: "sent", at: done.sent, by: hasCode(medium, "SMSWRIT") ? "sms" : hasCode(medium, "EMAILWRIT") ? "email" : undefined };
  }
  if (isUnreachable || own.some((one) => one.status === "not-done")) return { state: "unreachable" };
  if (patient?.extension?.some((one) => one.url === PREFERENCE && one.valueCode === "none") === true) return { state: "unwanted" };
  return { state: own.length > 0 ? "sending" : "none" };
}

/** A message about a time that the appointment doesn't have any more is none. */
function isForThisTime(message: Communication, appointment: Appointment): boolean {
  const start = message.identifier?.map((one) => /\|(\d+)$/.exec(one.value ?? "")?.[1]).find((found) => found !== undefined);
  return start === undefined || Number(start) * 1000 === Date.parse(appointment.start ?? "");
}
