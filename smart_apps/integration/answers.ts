import type { FhirResource, ParametersParameter } from "fhir/r4";

/** What `/hl7v2` answers, as docs/integrator/hl7v2.md describes it. Times are ISO 8601 with an offset. */

export const STATES = ["waiting", "written", "done", "dead", "refused", "discarded"] as const;
export type State = (typeof STATES)[number];

/** A system that sends, and how its messages stand. */
export interface Sender {
  id: string;
  name: string;
  /** An Endpoint tells of it. */
  isEntered: boolean;
  waiting: number;
  dead: number;
  /** Patients whose first message has failed and is tried again. */
  heldUp: number;
  lastHour: number;
  oldestSeconds?: number;
  last?: string;
  lastError?: string;
}

/** The messages of one patient of one sender that wait. */
export interface Lane {
  lane: string;
  sender: string;
  depth: number;
  oldestSeconds: number | null;
  /** The number of the message that is next. */
  first: number;
  attempts: number;
  reason: string | null;
  due: string;
}

/** A message without what it says. */
export interface Head {
  id: number;
  received: string;
  ended?: string;
  state: State;
  sender?: string;
  controlId?: string;
  event?: string;
  version?: string;
  source?: string;
  address?: string;
  size: number;
  /** MSA-1 of what was answered at once. */
  acknowledgement?: string;
  copyOf?: number;
  reason?: string;
}

export interface Found {
  messages: Head[];
  isCut: boolean;
}

export interface UnknownCode {
  position: string;
  vocabulary: string;
  code: string;
}

export interface Message extends Head {
  text: string | null;
  answer: string | null;
  applicationAnswer: string | null;
  isAnswerOwed: boolean;
  /** Addresses of what was made of it. */
  resources: string[];
  report: { unmapped?: string[]; unknownCodes?: UnknownCode[]; removed?: string[]; notes?: string[] };
}

/** What became of a field: an element of a resource, by a rule of the mapping tables. */
export interface Origin {
  resource: string;
  element: string;
  rule: string;
}

export interface Field {
  /** PID-5, OBX[2]-5 */
  position: string;
  /** What the standard calls it: PATIENT_NAME. */
  name?: string;
  value: string;
  made: Origin[];
  unmapped?: string[];
}

/** A message beside the FHIR that it makes; `reason` why it makes none. */
export interface Beside {
  message: number;
  fields: Field[];
  resources: Record<string, FhirResource>;
  reason?: string;
}

/** What a replay would do to one resource; who may not see it is told where (`elements`), not what. */
export type Change =
  | { create: string }
  | { update: string; patch?: { parameter?: ParametersParameter[] }; elements?: string[] }
  | { remove: string };

export interface Preview {
  message: number;
  /** How many later messages about the same patients were dealt with. */
  newer: number;
  reason?: string;
  changes: Change[];
  merges?: number;
}

export interface Previews {
  messages: number;
  looked: number;
  unchanged: number;
  previews: Preview[];
}

/** A code that no table translates, how often and where it was met, and what it was said to mean. */
export interface Question {
  id: string;
  status: string;
  sender: string;
  vocabulary: string;
  code: string;
  text?: string;
  /** The codes that FHIR has there; undefined where any system's may stand. */
  allowed?: string[];
  count: number;
  positions: string[];
  first?: string;
  last?: string;
  newest?: number;
  answer?: { system: string; code: string; display: string };
}

export const SENT_STATES = ["waiting", "stopped", "accepted", "rejected", "discarded"] as const;
export type SentState = (typeof SENT_STATES)[number];

/** A system that messages are sent to, and how its queue stands. */
export interface Receiver {
  id: string;
  name: string;
  isEntered: boolean;
  queued: number;
  oldestSeconds?: number;
  /** How often the first was tried. */
  attempts?: number;
  /** How many hold its queue up until somebody decides. */
  stopped?: number;
  rejected?: number;
  lastError?: string;
  failed?: string;
  lastAccepted?: string;
}

/** A message that goes out, without what it says. */
export interface SentHead {
  id: number;
  receiver: string;
  state: SentState;
  event: string;
  controlId: string;
  /** The version of the resource that it tells of: Encounter/1/_history/2. */
  about: string;
  patient?: string;
  made: string;
  tried?: string;
  ended?: string;
  attempts: number;
  acknowledgement?: string;
  reason?: string;
  size: number;
}

export interface SentMessage extends SentHead {
  text: string | null;
  answer: string | null;
}

/** A modality or archive, and how it stands; counted among the newest 20,000 instances. */
export interface ImageSender {
  id: string;
  name: string;
  isEntered: boolean;
  aeTitle?: string;
  /** Known by more than its AE title. */
  isBound?: boolean;
  hasPatientSystem?: boolean;
  lastHour: number;
  last?: string;
  conflicts: number;
}

interface Dataset {
  sender: string;
  received: string;
  /** Bytes. */
  size: number;
}

/** An instance that came again with other bytes. */
export interface ImageConflict {
  number: number;
  instance: string;
  study: string;
  sopClass: string;
  first?: Dataset;
  other: Dataset;
  /** The other one says that it is of another study or series. */
  isElsewhere: boolean;
}

/** A study that is nobody's, and why. */
export interface ImageQuestion {
  id: string;
  study?: string;
  imagingStudy?: string;
  reasons: { code: string; text: string }[];
  sender?: string;
  changed?: string;
}

/** A subscription, without its secrets. */
export interface Subscribed {
  key: number;
  id: string;
  status: string;
  error?: string;
  reason?: string;
  criteria: string;
  channel?: string;
  endpoint?: string;
  by: string;
  events: number;
  waiting: number;
  ends?: string;
}

export interface ReindexJob {
  id: number;
  state: string;
  reason: string;
  created: string;
  done: number;
  total?: number;
  types: { type: string; state: string; done: number; total?: number; changed: number }[];
}

export interface BulkJob {
  id: string;
  kind: string;
  state: string;
  created: string;
  ended?: string;
  expires?: string;
  done: number;
  total?: number;
  by: string;
  request: string;
  reason?: string;
}

/** What goes on by itself. */
export interface Jobs {
  reindex: ReindexJob[];
  bulk: BulkJob[];
  queues: { topic: string; waiting: number; dead: number; oldestSeconds?: number }[];
  readers: { name: string; changes: number; seconds?: number }[];
}
