import type { Patient } from "fhir/r4";

import { day, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { dateTime, number, person, text, type Attributes } from "./dicom.ts";

/** What is written in the corners of a picture, as its own file says it. */
export interface Corners {
  patient: { name?: string; born?: string; id?: string; sex?: string };
  study: { when?: string; description?: string };
  series: { number?: string; description?: string; side?: string; view?: string };
  slice: { place?: number; thickness?: number };
}

export function cornersOf(image: Attributes): Corners {
  const born = dateTime(text(image, "00100030"));
  const when = dateTime(text(image, "00080020"), text(image, "00080030"));
  return {
    patient: {
      name: person(image, "00100010"),
      born: born === undefined ? undefined : day(born),
      id: text(image, "00100020"),
      sex: text(image, "00100040"),
    },
    study: { when: when === undefined ? undefined : moment(when), description: text(image, "00081030") },
    series: { number: text(image, "00200011"), description: text(image, "0008103E"), side: sideOf(image), view: text(image, "00185101") },
    slice: { place: number(image, "00201041"), thickness: number(image, "00180050") },
  };
}

/** Image Laterality, else Laterality, else that of the frame's anatomy. */
export function sideOf(image: Attributes): string | undefined {
  const side = text(image, "00200062") ?? text(image, "00200060");
  return side === "U" ? undefined : side;
}

/**
 * Where the picture names another patient than the record: name, number and birth date that differ.
 * What the picture leaves out doesn't differ.
 */
export function differencesFrom(patient: Patient | undefined, image: Attributes): ("name" | "born" | "id")[] {
  if (patient === undefined) return [];
  const differ: ("name" | "born" | "id")[] = [];
  const name = person(image, "00100010");
  const names = (patient.name ?? []).map((one) => plain(formalName([{ ...one, use: "official", period: undefined }])));
  if (name !== undefined && names.length > 0 && !names.some((one) => isSameName(one, plain(name)))) differ.push("name");
  const born = dateTime(text(image, "00100030"));
  if (born !== undefined && patient.birthDate !== undefined && !born.startsWith(patient.birthDate)) differ.push("born");
  const id = text(image, "00100020");
  const ids = (patient.identifier ?? []).map((one) => one.value);
  if (id !== undefined && ids.length > 0 && !ids.includes(id) && id !== recordNumber(patient.identifier)) differ.push("id");
  return differ;
}

/** Family names are the same, and the first given names, where both are there. */
function isSameName(a: string, b: string): boolean {
  const [familyA, givenA = ""] = a.split(", ");
  const [familyB, givenB = ""] = b.split(", ");
  const [firstA, firstB] = [givenA.split(" ")[0] ?? "", givenB.split(" ")[0] ?? ""];
  return familyA === familyB && (firstA === "" || firstB === "" || firstA === firstB);
}

function plain(name: string): string {
  return name.normalize("NFD").replace(/\p{M}/gu, "").toLocaleUpperCase();
}
