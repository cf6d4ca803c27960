import type { Encounter, EncounterLocation, Extension, Location } from "fhir/r4";

import { chainOf, physicalType, referenceTo } from "./places.ts";

export const GOING_ON = ["arrived", "triaged", "in-progress", "onleave"] as const;
/** R5's element as HL7 defines it for R4: docs/integrator/beds.md. */
export const PLANNED_END = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";
const PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type";
const WORDS: Record<string, string> = { bd: "Bed", wa: "Ward", ro: "Room" };

function isNow(place: EncounterLocation): boolean {
  return place.status === "active" || (place.status === undefined && place.period?.end === undefined);
}

/** Where a patient is now: references to Locations. */
export function placesNow(encounter: Encounter): string[] {
  if (!(GOING_ON as readonly string[]).includes(encounter.status)) return [];
  return (encounter.location ?? []).filter(isNow).flatMap((place) => place.location.reference ?? []);
}

/** Who lies in which bed: encounters by the reference of the bed. */
export function byBed(encounters: readonly Encounter[]): Map<string, Encounter[]> {
  const found = new Map<string, Encounter[]>();
  for (const one of encounters) {
    for (const place of placesNow(one)) found.set(place, [...(found.get(place) ?? []), one]);
  }
  return found;
}

/** When the patient is to leave, as far as somebody has said so. */
export function plannedEnd(encounter: Encounter, now = Date.now()): string | undefined {
  const said = encounter.extension?.find((one) => one.url === PLANNED_END)?.valueDateTime;
  if (said !== undefined) return said;
  const end = encounter.period?.end;
  return end !== undefined && Date.parse(end) > now ? end : undefined;
}

/** The extensions with another planned end; without one it is taken away. */
export function withPlannedEnd(encounter: Encounter, end: string | undefined): Extension[] {
  const others = (encounter.extension ?? []).filter((one) => one.url !== PLANNED_END);
  return end === undefined ? others : [...others, { url: PLANNED_END, valueDateTime: end }];
}

/**
 * Encounter.location after a move to a bed: the places that don't lie above the new bed end now, the new bed and its ward begin.
 * https://hl7.org/fhir/R4/encounter-definitions.html#Encounter.location
 */
export function moved(encounter: Encounter, to: Location, known: ReadonlyMap<string, Location>, now: string): EncounterLocation[] {
  const chain = chainOf(to, known);
  const stays = new Set(chain.map(referenceTo));
  const kept = (encounter.location ?? []).map((place): EncounterLocation =>
    isNow(place) && !stays.has(place.location.reference ?? "") ? { ...place, status: "completed", period: { ...place.period, end: now } } : place,
  );
  const held = new Set(kept.filter(isNow).map((place) => place.location.reference));
  const wanted = chain.filter((one) => one === to || physicalType(one) === "wa").reverse();
  return [...kept, ...wanted.filter((one) => !held.has(referenceTo(one))).map((one) => entered(one, now))];
}

function entered(place: Location, now: string): EncounterLocation {
  const type = physicalType(place);
  return {
    location: { reference: referenceTo(place), ...(place.name === undefined ? {} : { display: place.name }) },
    status: "active",
    period: { start: now },
    ...(type === undefined ? {} : { physicalType: { coding: [{ system: PHYSICAL, code: type, ...(type in WORDS ? { display: WORDS[type] } : {}) }] } }),
  };
}
