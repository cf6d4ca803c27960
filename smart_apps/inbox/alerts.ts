import type { Bundle, DetectedIssue, Encounter, FhirResource, Flag, Location, Observation, Organization, Patient, Practitioner, PractitionerRole, Task } from "fhir/r4";

import { idIn, resourcesOf } from "../shared/fhir/bundle.ts";
import { codeIn, words } from "../shared/format/codes.ts";
import { plainName } from "../shared/format/people.ts";

const OURS = "https://fhirserver.example";
/** The codes of alerts, their tasks and what was done about them. */
export const ALERT = `${OURS}/CodeSystem/alert`;
export const TASK_CODE = `${OURS}/CodeSystem/task-code|acknowledge-alert`;
export const WAITING = ["draft", "requested", "received", "ready", "rejected"];
export const TAKEN = ["accepted", "in-progress", "on-hold"];
/** What may be said of what was done: codes of ALERT. */
export const ACTIONS = ["informed", "ordered", "treated", "called", "watching", "known"] as const;

export type State = "waiting" | "taken" | "done" | "withdrawn";
export type Priority = "stat" | "asap" | "urgent" | "routine";

/** A finding that calls for somebody, with all that a row says of it. */
export interface Alert {
  id: string;
  task: Task;
  patient?: Patient;
  patientId?: string;
  /** critical-results, early-warning ... */
  kind: string;
  title: string;
  /** What was found; undefined when the reader may not see it. */
  text?: string;
  priority: Priority;
  state: State;
  isUnanswered: boolean;
  /** The value that it is about, where it is about one. */
  result?: Observation;
  ward: string;
  place: string;
  owner?: string;
  ownerName: string;
  nextName: string;
  /** When somebody was first asked, when the present owner was, and when the next will be. */
  since: string;
  askedAt: string;
  escalatesAt?: string;
}

/** What a search for alerts asks for. */
export function searchOf(statuses: readonly string[], more: Record<string, string>): Record<string, string | readonly string[]> {
  return {
    code: TASK_CODE,
    status: statuses.join(","),
    _include: ["Task:focus", "Task:patient", "Task:owner", "Task:encounter"],
    "_include:iterate": ["DetectedIssue:implicated", "Encounter:location"],
    _sort: "-authored-on",
    _count: "50",
    ...more,
  };
}

/** The alerts of a page of tasks, the most pressing first. */
export function alertsOf(bundles: readonly (Bundle | undefined)[]): Alert[] {
  const all = new Map<string, FhirResource>();
  for (const bundle of bundles) {
    for (const entry of bundle?.entry ?? []) {
      const resource = entry.resource as FhirResource | undefined;
      if (resource?.id !== undefined) all.set(`${resource.resourceType}/${resource.id}`, resource);
    }
  }
  const tasks = [...all.values()].filter((one): one is Task => one.resourceType === "Task");
  return tasks.map((task) => alertOf(task, all)).sort(byUrgency);
}

function alertOf(task: Task, all: ReadonlyMap<string, FhirResource>): Alert {
  const at = <T extends FhirResource>(reference: string | undefined) => all.get(reference ?? "") as T | undefined;
  const focus = at<DetectedIssue | Flag>(task.focus?.reference);
  const encounter = at<Encounter>(task.encounter?.reference);
  const places = (encounter?.location ?? []).filter((one) => one.status === "active" || (one.status === undefined && one.period?.end === undefined));
  const nameOf = (one: (typeof places)[number] | undefined) => one?.location.display ?? at<Location>(one?.location.reference)?.name ?? "";
  const levelOf = (one: (typeof places)[number]) => codeIn(one.physicalType ?? at<Location>(one.location.reference)?.physicalType, "http://terminology.hl7.org/CodeSystem/location-physical-type");
  const ward = nameOf(places.find((one) => levelOf(one) === "wa"));
  const bed = nameOf(places.find((one) => levelOf(one) === "bd") ?? places.at(-1));
  const title = words(task.reasonCode);
  const next = task.input?.find((one) => codeIn(one.type, ALERT) === "escalation-next")?.valueReference;
  const implicated = focus?.resourceType === "DetectedIssue" ? (focus.implicated ?? []) : [];
  const results = implicated.map((one) => at<Observation>(one.reference)).filter((one) => one?.resourceType === "Observation");
  return {
    id: task.id ?? "",
    task,
    patient: at<Patient>(task.for?.reference),
    patientId: idIn(task.for?.reference, "Patient"),
    kind: task.reasonCode?.coding?.find((coding) => coding.system === ALERT)?.code ?? "",
    title,
    text: focus === undefined ? undefined : focus.resourceType === "DetectedIssue" ? (focus.detail ?? words(focus.code)) : words(focus.code).replace(`${title}: `, ""),
    priority: (task.priority ?? "routine"),
    state: stateOf(task),
    isUnanswered: codeIn(task.businessStatus, ALERT) === "unanswered",
    result: results[0],
    ward: ward === "" ? bed : ward,
    place: bed === "" ? ward : bed,
    owner: task.owner?.reference,
    ownerName: personName(task.owner, at),
    nextName: personName(next, at),
    since: task.authoredOn ?? "",
    askedAt: task.lastModified ?? task.authoredOn ?? "",
    escalatesAt: stateOf(task) === "waiting" ? task.restriction?.period?.end : undefined,
  };
}

/** References to people that a page of alerts names but that aren't in it: who is next. */
export function missingPeople(bundles: readonly (Bundle | undefined)[]): string[] {
  const found = bundles.flatMap((bundle) => resourcesOf<Task>(bundle, "Task")).flatMap((task) => task.input ?? [])
    .map((one) => one.valueReference?.reference)
    .filter((reference) => reference !== undefined && /^(Practitioner|PractitionerRole|Organization)\//.test(reference));
  return [...new Set(found as string[])].sort();
}

function personName(reference: { reference?: string; display?: string } | undefined, at: <T extends FhirResource>(reference: string | undefined) => T | undefined): string {
  if (reference === undefined) return "";
  const who = at<Practitioner | PractitionerRole | Organization>(reference.reference);
  if (who?.resourceType === "Practitioner") return plainName(who.name);
  if (who?.resourceType === "Organization") return who.name ?? "";
  if (who?.resourceType === "PractitionerRole") {
    const person = at<Practitioner>(who.practitioner?.reference);
    return person === undefined ? (who.practitioner?.display ?? words(who.code?.[0])) : plainName(person.name);
  }
  return reference.display ?? "";
}

export function stateOf(task: Task): State {
  if (WAITING.includes(task.status)) return "waiting";
  if (TAKEN.includes(task.status)) return "taken";
  return task.status === "completed" ? "done" : "withdrawn";
}

const ORDER: Record<Priority, number> = { stat: 0, asap: 1, urgent: 2, routine: 3 };
const STATES: Record<State, number> = { waiting: 0, taken: 1, done: 2, withdrawn: 3 };

/** Waiting before taken; unanswered, then stat before routine; what goes on to the next soonest, what has waited longest. */
export function byUrgency(a: Alert, b: Alert): number {
  return (
    STATES[a.state] - STATES[b.state] ||
    Number(b.isUnanswered) - Number(a.isUnanswered) ||
    ORDER[a.priority] - ORDER[b.priority] ||
    (a.escalatesAt ?? "9").localeCompare(b.escalatesAt ?? "9") ||
    a.since.localeCompare(b.since)
  );
}

export interface Filter {
  whose: "mine" | "all";
  ward: string;
  kind: string;
  text: string;
}

/** Whether an alert is asked of the reader: by name, by a post, or by their department. */
export function isMine(alert: Alert, me: readonly string[]): boolean {
  return alert.owner !== undefined && me.includes(alert.owner);
}

export function matches(alert: Alert, filter: Filter, me: readonly string[]): boolean {
  if (filter.whose === "mine" && !isMine(alert, me)) return false;
  if (filter.ward !== "" && alert.ward !== filter.ward) return false;
  if (filter.kind !== "" && alert.kind !== filter.kind) return false;
  const sought = filter.text.trim().toLocaleLowerCase();
  if (sought === "") return true;
  const names = (alert.patient?.name ?? []).flatMap((name) => [name.text, name.family, ...(name.given ?? [])]);
  const numbers = (alert.patient?.identifier ?? []).map((one) => one.value);
  const text = [...names, ...numbers, alert.patient?.birthDate, alert.title, alert.text].filter(Boolean).join(" ").toLocaleLowerCase();
  return sought.split(/\s+/).every((word) => text.includes(word));
}

/** Minutes until a moment; below zero when it is over. */
export function minutesUntil(moment: string, now: number): number {
  return Math.ceil((Date.parse(moment) - now) / 60_000);
}
