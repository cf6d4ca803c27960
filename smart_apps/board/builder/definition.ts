import type { DocumentReference, Parameters, ParametersParameter } from "fhir/r4";

import { fromBase64, toBase64 } from "../../shared/format/base64.ts";
import { ALONE, SUBJECTS, type Column, type Operator } from "./subjects.ts";

export const SYSTEM = "https://fhirserver.example/own-report";
export const TYPES = "https://fhirserver.example/CodeSystem/document-type";

export interface Filter {
  column: string;
  operator: Operator;
  value: string;
}

export const SCHEDULES = ["", "daily", "weekly", "monthly"] as const;
export type Schedule = (typeof SCHEDULES)[number];

/** What somebody has chosen: columns of a subject in words, a view of the server, or one of their own. */
export interface Choices {
  title: string;
  source: "words" | "ready" | "own";
  subject: string;
  columns: string[];
  filters: Filter[];
  ready: string;
  own: string;
  schedule: Schedule;
}

export const NEW: Choices = { title: "", source: "words", subject: "stays", columns: [...(SUBJECTS.stays?.first ?? [])], filters: [], ready: "encounters", own: "", schedule: "" };

/** A ViewDefinition: https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html */
export interface View {
  resourceType: "ViewDefinition";
  status: string;
  resource: string;
  select: { column: { name: string; path: string; type?: string }[]; forEach?: string }[];
  where?: { path: string }[];
}

/** Why there is no table yet: a key of the texts. */
export class Incomplete extends Error {
  override name = "Incomplete";
}

/** The view of what was chosen, or the reference of one of the server's. Raises Incomplete. */
export function viewOf(choices: Choices): View | string {
  if (choices.source === "ready") return `ViewDefinition/${choices.ready}`;
  if (choices.source === "own") return ownView(choices.own);
  const subject = SUBJECTS[choices.subject];
  const columns = choices.columns.map((name) => subject?.columns.find((one) => one.name === name)).filter((one) => one !== undefined);
  if (subject === undefined || columns.length === 0) throw new Incomplete("noColumns");
  const where = choices.filters.map((filter) => ({ path: conditionOf(filter, subject.columns) }));
  return {
    resourceType: "ViewDefinition",
    status: "active",
    resource: subject.type,
    select: [{ column: columns.map(({ name, path }) => ({ name, path })) }],
    ...(where.length === 0 ? {} : { where }),
  };
}

/** The parameters of $viewdefinition-run. */
export function runOf(view: View | string, more: readonly ParametersParameter[] = []): Parameters {
  const which: ParametersParameter = typeof view === "string"
    ? { name: "viewReference", valueReference: { reference: view } }
    : { name: "viewResource", resource: view };
  return { resourceType: "Parameters", parameter: [which, ...more] };
}

function ownView(text: string): View {
  let view: unknown;
  try {
    view = JSON.parse(text);
  } catch {
    throw new Incomplete("ownNoJson");
  }
  if (!isView(view)) throw new Incomplete("ownNoView");
  return view;
}

/** Whether it says that it is one; what is wrong with it the server says. */
function isView(given: unknown): given is View {
  return typeof given === "object" && given !== null && "resourceType" in given && given.resourceType === "ViewDefinition";
}

function conditionOf({ column, operator, value }: Filter, columns: readonly Column[]): string {
  const found = columns.find((one) => one.name === column);
  if (found === undefined || (!ALONE.has(operator) && value.trim() === "")) throw new Incomplete("filterEmpty");
  const path = `(${found.path})`;
  const text = quoted(value.trim());
  switch (operator) {
    case "present": return `${path}.exists()`;
    case "absent": return `${path}.empty()`;
    case "yes": return `${path} = true`;
    case "no": return `${path} = false`;
    case "contains": return `${path}.lower().contains(${text}.lower())`;
    case "isNot": return `(${path} = ${text}).not()`;
    // Of a time its day counts, as it was recorded.
    case "from": return `${path}.toString().substring(0, 10) >= ${text}`;
    case "until": return `${path}.toString().substring(0, 10) <= ${text}`;
    case "atLeast": return `${path} >= ${number(value)}`;
    case "atMost": return `${path} <= ${number(value)}`;
    case "is": return found.kind === "number" ? `${path} = ${number(value)}` : `${path} = ${text}`;
  }
}

function number(value: string): string {
  if (!/^-?\d+(\.\d+)?$/.test(value.trim())) throw new Incomplete("filterNumber");
  return value.trim();
}

/** A text as FHIRPath has it: https://hl7.org/fhirpath/#string */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t")}'`;
}

/** What the document of a report holds: the server makes the view as often as `schedule` says, the page shows `choices`. */
interface Held {
  view: View | string;
  schedule?: Schedule;
  choices: Choices;
}

/** How a report is kept: R4 has no type for it, so it is a document of its author's. */
export function storedAs(choices: Choices, given: { id: string; author: string; at: string; before?: DocumentReference }): DocumentReference {
  const held: Held = { view: viewOf(choices), choices, ...(choices.schedule === "" ? {} : { schedule: choices.schedule }) };
  const title = choices.title.trim();
  return {
    ...(given.before ?? { resourceType: "DocumentReference", identifier: [{ system: SYSTEM, value: given.id }], author: [{ reference: given.author }] }),
    status: "current",
    type: { coding: [{ system: TYPES, code: "report-definition" }] },
    description: title,
    date: given.at,
    content: [{ attachment: { contentType: "application/json", data: toBase64(JSON.stringify(held)), title } }],
  };
}

/** What a stored report was made of; undefined for one of which that isn't known. */
export function choicesOf(stored: DocumentReference): Choices | undefined {
  const choices = heldIn(stored)?.choices;
  return choices === undefined ? undefined : { ...NEW, ...choices };
}

export function scheduleOf(stored: DocumentReference): Schedule {
  const said = heldIn(stored)?.schedule;
  return SCHEDULES.find((one) => one === said) ?? "";
}

function heldIn(stored: DocumentReference): Partial<Held> | undefined {
  const data = stored.content[0]?.attachment.data;
  if (data === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(fromBase64(data))) as Partial<Held>;
  } catch {
    return undefined;
  }
}
