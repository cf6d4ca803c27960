export const CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical";
export const VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
