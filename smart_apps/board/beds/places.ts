import type { Coding, Location } from "fhir/r4";

/** The states of a bed as fhirserver/wards/beds.py tells them. */
export type BedState = "occupied" | "free" | "cleaning" | "contaminated" | "isolated" | "closed" | "unknown";

const PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type";
const STATUS = "http://terminology.hl7.org/CodeSystem/v2-0116";
const STATES: Record<string, BedState> = { O: "occupied", U: "free", H: "cleaning", K: "contaminated", I: "isolated", C: "closed" };
/** What staff may say of a bed; that somebody lies in it is told by stays. */
export const CODINGS = {
  free: { system: STATUS, code: "U", display: "Unoccupied" },
  cleaning: { system: STATUS, code: "H", display: "Housekeeping" },
  contaminated: { system: STATUS, code: "K", display: "Contaminated" },
  isolated: { system: STATUS, code: "I", display: "Isolated" },
  closed: { system: STATUS, code: "C", display: "Closed" },
} as const satisfies Record<string, Coding>;
export type Mark = keyof typeof CODINGS;
const DEEPEST = 12;

export interface Ward {
  location: Location;
  beds: Location[];
}

export function referenceTo(location: Location): string {
  return `Location/${location.id ?? ""}`;
}

/** `bd` a bed, `ro` a room, `wa` a ward. */
export function physicalType(location: Location): string | undefined {
  return location.physicalType?.coding?.find((coding) => coding.system === PHYSICAL)?.code;
}

export function bedState(bed: Location): BedState {
  if (bed.status === "suspended" || bed.status === "inactive") return "closed";
  return STATES[bed.operationalStatus?.code ?? ""] ?? "unknown";
}

/**
 * Wards that have beds, by name; a bed in no ward belongs to the nearest place that is no room.
 *
 * HL7 v2 has no word for a ward: a point of care (PL.1) comes without a physical type.
 */
export function wardsOf(locations: readonly Location[]): Ward[] {
  const known = new Map(locations.map((one) => [referenceTo(one), one]));
  const wards = new Map<string, Ward>();
  for (const bed of locations.filter((one) => physicalType(one) === "bd")) {
    const above = chainOf(bed, known);
    const larger = above.slice(1).find((one) => !["bd", "ro"].includes(physicalType(one) ?? ""));
    const location = above.find((one) => physicalType(one) === "wa") ?? larger ?? above[1] ?? bed;
    const ward = wards.get(referenceTo(location)) ?? { location, beds: [] };
    ward.beds.push(bed);
    wards.set(referenceTo(location), ward);
  }
  const found = [...wards.values()];
  for (const ward of found) ward.beds.sort(byName);
  return found.sort((a, b) => byName(a.location, b.location));
}

/** The place itself, and what it is part of, upwards. */
export function chainOf(location: Location, known: ReadonlyMap<string, Location>): Location[] {
  const chain: Location[] = [];
  let here: Location | undefined = location;
  while (here !== undefined && chain.length < DEEPEST && !chain.includes(here)) {
    chain.push(here);
    here = known.get(here.partOf?.reference ?? "");
  }
  return chain;
}

/** "Medical Ward, room 1, bed 2" within its ward: Room 1, bed 2. A bed that is called 2 has its room's name before. */
export function shortName(bed: Location, ward: Location, known: ReadonlyMap<string, Location>): string {
  const name = bed.name ?? bed.id ?? "";
  const before = ward.name ?? "";
  if (before !== "" && name.startsWith(before) && name !== before) return capital(name.slice(before.length).replace(/^[\s,·/-]+/, ""));
  const above = chainOf(bed, known).slice(1);
  const upTo = above.findIndex((one) => referenceTo(one) === referenceTo(ward));
  const rooms = above.slice(0, Math.max(upTo, 0)).filter((one) => physicalType(one) === "ro" && !name.includes(one.name ?? ""));
  return capital([...rooms.reverse().map((one) => one.name), name].join(", "));
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

function byName(a: Location, b: Location): number {
  return (a.name ?? "").localeCompare(b.name ?? "", undefined, { numeric: true });
}
