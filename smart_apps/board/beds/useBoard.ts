import type { Encounter, Flag, Location, Parameters, Patient } from "fhir/r4";

import { idIn, ofType } from "../../shared/fhir/bundle.ts";
import type { Fhir } from "../../shared/fhir/client.ts";
import { allPages } from "../../shared/fhir/pages.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { byBed, GOING_ON } from "./stays.ts";
import { wardsOf, referenceTo, type Ward } from "./places.ts";

const AT_ONCE = 50;
const MOST_PAGES = 40;

export interface Board {
  wards: Ward[];
  known: ReadonlyMap<string, Location>;
  stays: ReadonlyMap<string, Encounter[]>;
  /** Stays that name no bed: they wait for one. */
  waiting: Encounter[];
  patients: ReadonlyMap<string, Patient>;
  flags: ReadonlyMap<string, Flag[]>;
  isCut: boolean;
  at: string;
}

const BOARD = ["Location", "Encounter", "Patient", "Flag"] as const;

/** Wards, beds, and who lies in them, as far as the user may see. */
export function useBoard() {
  const { session } = useSmart();
  const seesStays = session.allows("Encounter", "s");
  return useAsk(BOARD, ["board", seesStays], (fhir) => load(fhir, seesStays, session.allows("Flag", "s")));
}

/** The server's own counts, with its forecast. */
export function useOccupancy(days = 3) {
  return useAsk(["Location", "Encounter"], ["occupancy", days], (fhir) => fhir.operation<Parameters>(`Location/$occupancy?days=${days}`));
}

export function useCapacity() {
  return useAsk(["Location", "Device", "PractitionerRole", "Slot"], ["capacity"], (fhir) => fhir.operation<Parameters>("Location/$capacity?devices=all"));
}

async function load(fhir: Fhir, seesStays: boolean, seesFlags: boolean): Promise<Board> {
  const [places, here] = await Promise.all([
    allPages<Location>(fhir, "Location", { _count: 500 }, MOST_PAGES),
    seesStays ? stays(fhir) : undefined,
  ]);
  const locations = ofType<Location>(places.resources, "Location");
  const encounters = ofType<Encounter>(here?.resources, "Encounter");
  const patients = new Map(ofType<Patient>(here?.resources, "Patient").map((one) => [one.id ?? "", one]));
  const wards = wardsOf(locations);
  const beds = new Set(wards.flatMap((ward) => ward.beds.map(referenceTo)));
  const found = byBed(encounters);
  const inBeds = new Set([...found].filter(([place]) => beds.has(place)).flatMap(([, who]) => who));
  return {
    wards,
    known: new Map(locations.map((one) => [referenceTo(one), one])),
    stays: found,
    waiting: encounters.filter((one) => !inBeds.has(one) && ["IMP", "ACUTE", "NONAC", "EMER", "OBSENC", "SS"].includes(one.class.code ?? "")),
    patients,
    flags: seesFlags ? await flagsOf(fhir, [...patients.keys()]) : new Map(),
    isCut: places.isCut || here?.isCut === true,
    at: new Date().toISOString(),
  };
}

/** Who isn't allowed to see any stay has a board all the same, without patients. */
async function stays(fhir: Fhir) {
  try {
    return await allPages<Encounter | Patient>(fhir, "Encounter", { status: GOING_ON.join(","), _include: "Encounter:subject", _count: 250 }, MOST_PAGES);
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 403) return undefined;
    throw error;
  }
}

async function flagsOf(fhir: Fhir, ids: readonly string[]): Promise<Map<string, Flag[]>> {
  const found = new Map<string, Flag[]>();
  for (let n = 0; n < ids.length; n += AT_ONCE) {
    try {
      const { resources } = await allPages<Flag>(fhir, "Flag", { patient: ids.slice(n, n + AT_ONCE).join(","), _count: 250 }, MOST_PAGES);
      for (const flag of resources.filter((one) => one.status === "active")) {
        const id = idIn(flag.subject.reference, "Patient") ?? "";
        found.set(id, [...(found.get(id) ?? []), flag]);
      }
    } catch (error) {
      if (error instanceof Error && "status" in error && error.status === 403) return found;
      throw error;
    }
  }
  return found;
}
