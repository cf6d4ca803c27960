import type { Bundle, BundleEntry, Extension, Patient } from "fhir/r4";

const AGREEMENT = "https://fhirserver.example/StructureDefinition/match-agreement";
const GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade";

/** Fields that `Patient/$match` compares. */
export const COMPARED = ["family", "given", "birthDate", "gender", "identifier", "telecom", "address"] as const;
export type Compared = (typeof COMPARED)[number];

/** How a field agrees: the server's word for it, and whether it speaks for one person, against it, or for neither. */
export interface Agreement {
  level: string;
  speaks: "for" | "against" | "neither";
}

export interface Candidate {
  patient: Patient;
  grade: "certain" | "probable" | "possible";
  agreements: Partial<Record<string, Agreement>>;
}

/** Who may be meant, the likeliest first: https://hl7.org/fhir/R4/patient-operation-match.html */
export function candidatesOf(bundle: Bundle): Candidate[] {
  return (bundle.entry ?? []).flatMap((entry) => (entry.resource?.resourceType === "Patient" ? [candidate(entry, entry.resource as Patient)] : []));
}

function candidate(entry: BundleEntry, patient: Patient): Candidate {
  const extensions = entry.search?.extension ?? [];
  const grade = extensions.find((one) => one.url === GRADE)?.valueCode;
  const agreements = extensions.filter((one) => one.url === AGREEMENT).map(({ extension = [] }) => {
    const bits = part(extension, "bits")?.valueDecimal ?? 0;
    const speaks = bits > 1 ? "for" : bits < -1 ? "against" : "neither";
    return [part(extension, "field")?.valueCode ?? "", { level: part(extension, "level")?.valueString ?? "", speaks }] as const;
  });
  return { patient, grade: grade === "certain" || grade === "probable" ? grade : "possible", agreements: Object.fromEntries(agreements) };
}

function part(extensions: readonly Extension[], url: string): Extension | undefined {
  return extensions.find((one) => one.url === url);
}

/** What a record says of a compared field. */
export function valuesOf(patient: Patient, field: Compared): string[] {
  switch (field) {
    case "family": return (patient.name ?? []).flatMap((one) => one.family ?? (one.given === undefined ? (one.text ?? []) : []));
    case "given": return (patient.name ?? []).map((one) => (one.given ?? []).join(" ")).filter((one) => one !== "");
    case "birthDate": return patient.birthDate === undefined ? [] : [patient.birthDate];
    case "gender": return patient.gender === undefined ? [] : [patient.gender];
    case "identifier": return (patient.identifier ?? []).filter((one) => one.use !== "secondary").flatMap((one) => one.value ?? []);
    case "telecom": return (patient.telecom ?? []).flatMap((one) => one.value ?? []);
    case "address": return (patient.address ?? []).map((one) => [...(one.line ?? []), one.postalCode, one.city].filter(Boolean).join(", ") || (one.text ?? ""));
  }
}
