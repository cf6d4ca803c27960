export const ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
export const ALLERGY_VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
/** "No known allergy", in SNOMED CT. */
export const NO_KNOWN = { system: "http://snomed.info/sct", code: "716186003", display: "No known allergy" };
