import type { Binary, Bundle, Encounter, Location } from "fhir/r4";

import { FhirError, type Fhir } from "../../shared/fhir/client.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { bedState, CODINGS, referenceTo, type Mark } from "./places.ts";
import { GOING_ON, moved, withPlannedEnd } from "./stays.ts";

/** The bed was taken, closed or changed meanwhile. */
export class BedTaken extends Error {
  override name = "BedTaken";
}

/**
 * Moves a patient: Encounter.location and the bed in one transaction, each in the version that was seen, so that of two who choose
 * one bed only the first gets it. Who may not change the bed changes the encounter alone, after a look at the bed.
 */
export async function move(fhir: Fhir, encounter: Encounter, to: Location, known: ReadonlyMap<string, Location>): Promise<void> {
  const bed = await fhir.read<Location>("Location", to.id ?? "");
  const there = await fhir.search<Encounter>("Encounter", { location: referenceTo(to), status: GOING_ON.join(","), _count: 20 });
  const others = (there.entry ?? []).some((entry) => entry.resource?.id !== encounter.id && entry.resource?.location?.some((place) => place.location.reference === referenceTo(to) && place.status === "active") === true);
  if (others || ["occupied", "closed"].includes(bedState(bed))) throw new BedTaken();
  const location = moved(encounter, to, known, isoNow());
  const op = encounter.location === undefined ? "add" : "replace";
  try {
    await fhir.transaction([
      patchEntry("Encounter", encounter, [{ op, path: "/location", value: location }]),
      patchEntry("Location", bed, [{ op: bed.operationalStatus === undefined ? "add" : "replace", path: "/operationalStatus", value: { system: CODINGS.free.system, code: "O", display: "Occupied" } }]),
    ]);
  } catch (error) {
    if (!(error instanceof FhirError) || error.status !== 403) throw error;
    await fhir.patch("Encounter", encounter.id ?? "", [{ op, path: "/location", value: location }], encounter.meta?.versionId);
  }
}

/** Says that a bed is clean, dirty, closed. */
export function mark(fhir: Fhir, bed: Location, as: Mark): Promise<Location> {
  const changes = [{ op: bed.operationalStatus === undefined ? "add" : "replace", path: "/operationalStatus", value: CODINGS[as] as unknown }];
  if (as !== "closed" && bed.status !== undefined && bed.status !== "active") changes.push({ op: "replace", path: "/status", value: "active" });
  return fhir.patch<Location>("Location", bed.id ?? "", changes, bed.meta?.versionId);
}

/** When a patient is to leave; undefined takes it back. */
export function plan(fhir: Fhir, encounter: Encounter, end: string | undefined): Promise<Encounter> {
  const value = withPlannedEnd(encounter, end);
  const op = encounter.extension === undefined ? "add" : value.length === 0 ? "remove" : "replace";
  return fhir.patch<Encounter>("Encounter", encounter.id ?? "", [value.length === 0 ? { op, path: "/extension" } : { op, path: "/extension", value }], encounter.meta?.versionId);
}

/** https://hl7.org/fhir/R4/http.html#patch: in a transaction a Binary carries the JSON Patch. */
function patchEntry(type: "Encounter" | "Location", resource: Encounter | Location, changes: { op: string; path: string; value?: unknown }[]): NonNullable<Bundle["entry"]>[number] {
  const bytes = new TextEncoder().encode(JSON.stringify(changes));
  const binary: Binary = { resourceType: "Binary", contentType: "application/json-patch+json", data: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
  return {
    resource: binary,
    request: { method: "PATCH", url: `${type}/${resource.id ?? ""}`, ...(resource.meta?.versionId === undefined ? {} : { ifMatch: `W/"${resource.meta.versionId}"` }) },
  };
}
