import type { Coding } from "fhir/r4";

const CVX = "http://hl7.org/fhir/sid/cvx";

/** Vaccines that hospitals give most, with their CVX codes: https://www2a.cdc.gov/vaccines/iis/iisstandards/vaccines.asp?rpt=cvx */
export const VACCINES: readonly { name: string; coding: Coding }[] = (
  [
    ["Hepatitis A", "52", "Hep A, adult"],
    ["Hepatitis B", "43", "Hep B, adult"],
    ["Human papillomavirus", "165", "HPV9"],
    ["Influenza", "140", "Influenza, seasonal, injectable, preservative free"],
    ["Measles, mumps and rubella", "03", "MMR"],
    ["Meningococcal", "114", "meningococcal MCV4P"],
    ["Pneumococcal", "33", "pneumococcal polysaccharide vaccine, 23 valent"],
    ["Polio", "10", "IPV"],
    ["Rabies", "18", "rabies, intramuscular injection"],
    ["Shingles", "187", "zoster recombinant"],
    ["Tetanus and diphtheria", "113", "Td (adult) preservative free"],
    ["Tetanus, diphtheria and pertussis", "115", "Tdap"],
    ["Varicella", "21", "varicella"],
  ] as const
).map(([name, code, display]) => ({ name, coding: { system: CVX, code, display } }));
