import type { FhirResource } from "fhir/r4";

import type { Field } from "../answers.ts";
import { SEGMENTS } from "./segments.ts";

/** A segment of a message with its fields that say something; `where` is PID, or OBX[2]. */
export interface Segment {
  where: string;
  name: string;
  fields: Field[];
}

/** The segments of a message, in their order. */
export function segmentsOf(fields: readonly Field[]): Segment[] {
  const found: Segment[] = [];
  for (const field of fields) {
    const where = field.position.slice(0, field.position.lastIndexOf("-"));
    const last = found.at(-1);
    if (last?.where === where) last.fields.push(field);
    else found.push({ where, name: where.slice(0, 3), fields: [field] });
  }
  return found;
}

const ABBREVIATIONS = new Set(["id", "ssn", "vip", "dnr", "uri", "cda"]);

/** What the standard calls a field, as people write it: PATIENT_ID is Patient ID. */
export function fieldName(name: string | undefined): string {
  const words = (name ?? "").toLowerCase().split("_").filter((word) => word !== "").map((word) => (ABBREVIATIONS.has(word) || (word.length === 3 && word !== "acc" && word.toUpperCase() in SEGMENTS) ? word.toUpperCase() : word));
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** An element without the numbers of its repetitions: name[1].given[0] is name.given. */
export function bare(element: string): string {
  return element.replace(/\[[^\]]*\]/g, "");
}

/** An element of a resource, as a person reads it: Patient.name. */
export function elementName(resource: string, element: string, resources: Record<string, FhirResource>): string {
  const type = resources[resource]?.resourceType ?? resource.split("/")[0] ?? resource;
  const path = bare(element);
  return path === "" ? type : `${type}.${path}`;
}

export interface Line {
  path: string;
  value: string;
}

const LEFT_OUT = new Set(["resourceType", "id", "meta", "text"]);

/** What a resource says, a line for each value: name[0].family, Doe. */
export function linesOf(resource: FhirResource): Line[] {
  return Object.entries(resource).filter(([name]) => !LEFT_OUT.has(name)).flatMap(([name, value]) => below(name, value as unknown));
}

function below(path: string, value: unknown): Line[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((one, n) => below(`${path}[${n}]`, one));
  if (typeof value === "object") return Object.entries(value).flatMap(([name, one]) => below(`${path}.${name}`, one as unknown));
  return [{ path, value: typeof value === "string" ? value : JSON.stringify(value) }];
}

/** Whether a line is of an element, or below it. */
export function isOf(line: Line, element: string): boolean {
  const [path, wanted] = [bare(line.path), bare(element)];
  return wanted !== "" && (path === wanted || path.startsWith(`${wanted}.`));
}
