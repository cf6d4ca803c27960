import type { Address, ContactPoint, HumanName, Identifier, Patient, PatientCommunication, PatientContact, Reference } from "fhir/r4";

import { codeOf } from "./kinds.ts";

/** Elements of a Patient that the form changes; everything else is as it is stored. */
export interface Elements {
  name: HumanName;
  birthDate: string;
  gender: string;
  identifier: Identifier;
  telecom: ContactPoint;
  address: Address;
  contact: PatientContact;
  communication: PatientCommunication;
  generalPractitioner: Reference;
}
export type ElementName = keyof Elements;
export type Part = { [E in ElementName]: { element: E; value: Elements[E] } }[ElementName];

/** A part of a Patient, such as one of its phone numbers, in the three versions; undefined where it isn't there. */
export interface Difference {
  key: string;
  element: ElementName;
  base?: Part;
  theirs?: Part;
  mine?: Part;
}

export interface Merge {
  /** Both have changed it, and not in the same way: a person has to choose. */
  asked: Difference[];
  /** Only they have changed it. */
  theirs: Difference[];
  /** Only I have changed it. */
  mine: Difference[];
  /** The Patient with what was chosen of `asked`, by key. */
  merged: (choices: Readonly<Record<string, "theirs" | "mine">>) => Patient;
}

/** What tells parts of one element apart: a phone number that was changed is still the phone number. */
const KIND: { [E in ElementName]: (value: Elements[E]) => string } = {
  name: (value) => value.use ?? "",
  birthDate: () => "",
  gender: () => "",
  identifier: (value) => `${value.system ?? ""} ${codeOf(value.type)}`,
  telecom: (value) => value.system ?? "",
  address: (value) => value.use ?? "",
  contact: (value) => codeOf(value.relationship?.[0]),
  communication: () => "",
  generalPractitioner: () => "",
};
const SINGLE: ReadonlySet<ElementName> = new Set(["birthDate", "gender"]);

/** Two edits of one Patient, each compared with what both had read. */
export function merge(base: Patient, mine: Patient, theirs: Patient): Merge {
  const found: Merge = { asked: [], theirs: [], mine: [], merged: () => theirs };
  const kept: { difference: Difference; of: "theirs" | "mine" | "asked" }[] = [];
  for (const element of Object.keys(KIND) as ElementName[]) {
    const before = partsOf(base, element);
    const [stored, entered] = [keyed(partsOf(theirs, element), before), keyed(partsOf(mine, element), before)];
    for (const key of new Set([...stored.keys(), ...entered.keys(), ...before.map((_, n) => String(n))])) {
      const difference: Difference = { key: `${element}/${key}`, element, base: before[Number(key)], theirs: stored.get(key), mine: entered.get(key) };
      const [isTheirs, isMine] = [!isSame(difference.theirs, difference.base), !isSame(difference.mine, difference.base)];
      const isBoth = isTheirs && isMine && !isSame(difference.theirs, difference.mine);
      const of = isBoth ? "asked" : isMine ? "mine" : "theirs";
      kept.push({ difference, of });
      if (isBoth) found.asked.push(difference);
      else if (isMine && !isTheirs) found.mine.push(difference);
      else if (isTheirs && !isMine) found.theirs.push(difference);
    }
  }
  found.merged = (choices) => {
    const made: Record<string, unknown> = { ...theirs };
    for (const element of Object.keys(KIND) as ElementName[]) {
      const values = kept.filter((one) => one.difference.element === element).flatMap(({ difference, of }) => {
        const part = difference[of === "asked" ? (choices[difference.key] ?? "theirs") : of];
        return part === undefined ? [] : [part.value];
      });
      made[element] = values.length === 0 ? undefined : SINGLE.has(element) ? values[0] : values;
    }
    return Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)) as unknown as Patient;
  };
  return found;
}

/** The parts of an element, as a list. */
function partsOf(patient: Patient, element: ElementName): Part[] {
  const value = patient[element];
  const list: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return list.map((one) => ({ element, value: one }) as Part);
}

/** Parts by the place of the one in `base` that they are, or have become; new ones by what they say, so that two of the same are one. */
function keyed(parts: readonly Part[], base: readonly Part[]): Map<string, Part> {
  const free = new Map(base.map((one, n) => [String(n), one]));
  const keys = new Map<Part, string>();
  const take = (part: Part, fits: (one: Part) => boolean) => {
    const key = [...free].find(([, one]) => fits(one))?.[0];
    if (key === undefined) return;
    free.delete(key);
    keys.set(part, key);
  };
  for (const part of parts) take(part, (one) => isSame(one, part));
  for (const part of parts) if (!keys.has(part)) take(part, (one) => kindOf(one) === kindOf(part));
  return new Map(parts.map((part) => [keys.get(part) ?? `+${canonical(part.value)}`, part]));
}

function kindOf(part: Part): string {
  return (KIND[part.element] as (value: unknown) => string)(part.value);
}

function isSame(one: Part | undefined, other: Part | undefined): boolean {
  return canonical(one?.value) === canonical(other?.value);
}

/** JSON with its members in one order. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return value === undefined ? "" : JSON.stringify(value);
  return `{${Object.entries(value).filter(([, of]) => of !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, of]) => `${JSON.stringify(name)}:${canonical(of)}`).join(",")}}`;
}
