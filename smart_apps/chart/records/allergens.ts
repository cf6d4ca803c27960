import type { Coding } from "fhir/r4";

const SNOMED = "http://snomed.info/sct";

/** Allergens that are met most, in SNOMED CT: offered where the server has no SNOMED CT. Those that are medicines are among what it checks prescriptions against. */
export const ALLERGENS: readonly Coding[] = [
  ["764146007", "Penicillin"], ["372687004", "Amoxicillin"], ["373262009", "Substance with cephalosporin structure and antibacterial mechanism of action"],
  ["387406002", "Sulfonamide"], ["387458008", "Aspirin"], ["387207008", "Ibuprofen"], ["387494007", "Codeine"], ["373529000", "Morphine"],
  ["111088007", "Latex"], ["762952008", "Peanut"], ["102263004", "Eggs (edible)"], ["735029006", "Shellfish"], ["256277009", "Grass pollen"], ["288328004", "Bee venom"],
].map(([code, display]) => ({ system: SNOMED, code, display }));
