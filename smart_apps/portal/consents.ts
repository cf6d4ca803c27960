import type { Consent } from "fhir/r4";

/** The record as a whole, or the types of a part of it: what the server can keep apart. */
export const PARTS: Record<string, readonly string[]> = {
  all: [],
  results: ["Observation", "DiagnosticReport", "Specimen"],
  problems: ["Condition", "Procedure"],
  medicines: ["MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration"],
  documents: ["DocumentReference", "Composition"],
};
const TYPES = "http://hl7.org/fhir/resource-types";

/** A consent that keeps a person out of a part of the record: https://hl7.org/fhir/R4/consent.html */
export function denial(given: { patient: string; by: string; person: string; name: string; part: string; until: string; at: string; identifier: string }): Consent {
  const types = PARTS[given.part] ?? [];
  return {
    resourceType: "Consent",
    identifier: [{ system: "urn:ietf:rfc:3986", value: given.identifier }],
    status: "active",
    scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy", display: "Privacy Consent" }] },
    category: [{ coding: [{ system: "http://loinc.org", code: "59284-0", display: "Consent Document" }] }],
    patient: { reference: `Patient/${given.patient}` },
    dateTime: given.at,
    performer: [{ reference: given.by }],
    policyRule: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentpolicycodes", code: "hipaa-restrictions", display: "HIPAA Restrictions" }] },
    provision: {
      type: "deny",
      ...(given.until === "" ? {} : { period: { end: given.until } }),
      actor: [{
        role: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP", display: "information recipient" }] },
        reference: { reference: given.person, display: given.name },
      }],
      ...(types.length === 0 ? {} : { class: types.map((code) => ({ system: TYPES, code })) }),
    },
  };
}

/** What a consent says that was given here; undefined for others, whose words aren't ours. */
export function denied(consent: Consent): { name: string; part: string; until: string | undefined } | undefined {
  const { provision } = consent;
  const name = provision?.actor?.[0]?.reference.display;
  if (provision?.type !== "deny" || provision.actor?.length !== 1 || name === undefined || provision.provision !== undefined) return undefined;
  const types = (provision.class ?? []).map((one) => one.code).sort().join();
  const part = Object.entries(PARTS).find(([, of]) => [...of].sort().join() === types)?.[0];
  return part === undefined ? undefined : { name, part, until: provision.period?.end };
}
