import type { HumanName, Identifier, Patient } from "fhir/r4";

/** The name to show: official, then usual, then any that isn't old. */
export function chosen(names: HumanName[] | undefined): HumanName | undefined {
  const current = (names ?? []).filter((name) => name.use !== "old" && name.period?.end === undefined);
  return current.find((name) => name.use === "official") ?? current.find((name) => name.use === "usual") ?? current[0] ?? names?.[0];
}

/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]|[\ud802\ud803\ud83a\ud83b]/;

/** A text of either direction within others: what is beside it isn't drawn into its direction. https://www.w3.org/International/questions/qa-bidi-unicode-controls */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

/** OKAFOR, Ngozi: the family name in capitals, as on the wristband. */
export function formalName(names: HumanName[] | undefined): string {
  return isolated(formal(names));
}

function formal(names: HumanName[] | undefined): string {
  const name = chosen(names);
  if (name === undefined) return "";
  const given = (name.given ?? []).join(" ");
  const family = name.family?.toLocaleUpperCase();
  if (family === undefined || family === "") return given === "" ? (name.text ?? "") : given;
  return given === "" ? family : `${family}, ${given}`;
}

/** Ngozi Okafor: in sentences and lists of staff. */
export function plainName(names: HumanName[] | undefined): string {
  return isolated(plain(names));
}

function plain(names: HumanName[] | undefined): string {
  const name = chosen(names);
  if (name === undefined) return "";
  return name.text ?? [...(name.prefix ?? []), ...(name.given ?? []), name.family].filter(Boolean).join(" ");
}

/** What the patient wants to be called, where that is another name. */
export function preferredName(patient: Patient): string | undefined {
  const nick = patient.name?.find((name) => name.use === "nickname");
  return nick === undefined ? undefined : (nick.given?.[0] ?? nick.text);
}

/** The medical record number: the identifier of type MR, else the usual one, else the first that isn't for machines only. */
export function recordNumber(identifiers: Identifier[] | undefined): string | undefined {
  const all = (identifiers ?? []).filter((one) => one.use !== "old" && one.use !== "secondary" && one.value !== undefined);
  const isRecord = (one: Identifier) => one.type?.coding?.some((coding) => coding.code === "MR") === true;
  return (all.find(isRecord) ?? all.find((one) => one.use === "usual") ?? all[0])?.value;
}
