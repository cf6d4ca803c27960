import type { Bundle, Device, FhirResource, HealthcareService, Location, Practitioner, PractitionerRole, Schedule } from "fhir/r4";

import { hasCode, words } from "../../shared/format/codes.ts";
import { chosen, plainName } from "../../shared/format/people.ts";

export type Kind = "person" | "room" | "device";

/** Somebody or something with a calendar: a row of the day. */
export interface Row {
  /** Practitioner/1, Location/2, Device/3. */
  ref: string;
  kind: Kind;
  label: string;
  /** What is done there: the schedule's services. */
  what: string;
  /** Ids of the schedules. */
  schedules: string[];
  /** HealthcareService/1: what the schedules are for. */
  services: string[];
  /** What a device makes images by, as DICOM calls it: CT, MR. */
  modality?: string;
}

/** A service that can be booked. */
export interface Service {
  ref: string;
  label: string;
  schedules: string[];
}

const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const KINDS: Record<string, Kind> = { Practitioner: "person", PractitionerRole: "person", Location: "room", Device: "device" };
const ORDER: Kind[] = ["person", "room", "device"];

/** Rotas of who is on call aren't for appointments. */
function isRota(schedule: Schedule): boolean {
  return schedule.serviceType?.some((type) => hasCode(type, "on-call")) === true;
}

function isOpen(schedule: Schedule): boolean {
  return schedule.active !== false && !isRota(schedule);
}

/** Everybody and everything with a schedule: people first, then rooms, then devices, by name. */
export function rowsOf(bundle: Bundle): Row[] {
  const named = byReference(bundle);
  const rows = new Map<string, Row>();
  for (const schedule of schedulesIn(bundle)) {
    const refs = schedule.actor.map((actor) => actor.reference ?? "");
    const services = refs.filter((ref) => ref.startsWith("HealthcareService/"));
    for (const actor of schedule.actor) {
      const ref = actor.reference ?? "";
      const kind = KINDS[ref.split("/")[0] ?? ""];
      if (kind === undefined) continue;
      const row = rows.get(ref) ?? { ref, kind, label: labelOf(named.get(ref)) || actor.display || ref, what: "", schedules: [], services: [], modality: modalityOf(named.get(ref)) };
      row.schedules.push(schedule.id ?? "");
      row.services.push(...services.filter((one) => !row.services.includes(one)));
      row.what ||= [...(schedule.specialty ?? []), ...(schedule.serviceType ?? [])].map(words).find((text) => text !== "") ?? "";
      rows.set(ref, row);
    }
  }
  return [...rows.values()].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.label.localeCompare(b.label));
}

/** The services that schedules are for. */
export function servicesOf(bundle: Bundle): Service[] {
  const named = byReference(bundle);
  const found = new Map<string, Service>();
  for (const schedule of schedulesIn(bundle)) {
    for (const actor of schedule.actor) {
      const ref = actor.reference ?? "";
      if (!ref.startsWith("HealthcareService/")) continue;
      const service = found.get(ref) ?? { ref, label: labelOf(named.get(ref)) || actor.display || ref, schedules: [] };
      service.schedules.push(schedule.id ?? "");
      found.set(ref, service);
    }
  }
  return [...found.values()].sort((a, b) => a.label.localeCompare(b.label));
}

function schedulesIn(bundle: Bundle): Schedule[] {
  return (bundle.entry ?? [])
    .map((entry) => entry.resource)
    .filter((one): one is Schedule => one?.resourceType === "Schedule")
    .filter(isOpen);
}

function byReference(bundle: Bundle): Map<string, FhirResource> {
  const pairs = (bundle.entry ?? []).flatMap((entry) => (entry.resource?.id === undefined ? [] : [[`${entry.resource.resourceType}/${entry.resource.id}`, entry.resource as FhirResource] as const]));
  return new Map(pairs);
}

function labelOf(resource: FhirResource | undefined): string {
  if (resource?.resourceType === "Practitioner") return staffName(resource);
  const named = resource as Location | HealthcareService | undefined;
  if (named?.resourceType === "Location" || named?.resourceType === "HealthcareService") return named.name ?? "";
  if (resource?.resourceType === "Device") return deviceName(resource);
  return (resource as PractitionerRole | undefined)?.practitioner?.display ?? "";
}

function modalityOf(resource: FhirResource | undefined): string | undefined {
  if (resource?.resourceType !== "Device") return undefined;
  const told = [resource.type, ...(resource.specialization ?? []).map((one) => one.systemType)];
  return told.flatMap((concept) => concept?.coding ?? []).find((coding) => coding.system === DCM)?.code;
}

/** Family name first, as lists are looked through: Okafor, Dr. Ngozi. */
export function staffName(practitioner: Practitioner): string {
  const name = chosen(practitioner.name);
  if (name?.family === undefined) return plainName(practitioner.name);
  const rest = [...(name.prefix ?? []), ...(name.given ?? [])].join(" ");
  return rest === "" ? name.family : `${name.family}, ${rest}`;
}

function deviceName(device: Device): string {
  return device.deviceName?.[0]?.name ?? words(device.type);
}
