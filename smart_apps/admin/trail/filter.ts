import type { Parameters } from "../../shared/fhir/client.ts";
import type { User } from "../people/users.ts";

const DICOM = "http://dicom.nema.org/resources/ontology/DCM";

/** What to look for in the trail; "" is anything. */
export interface Filter {
  /** The id of an account, or a reference: Practitioner/1. */
  who: string;
  patient: string;
  /** Days, or moments with their offset. */
  from: string;
  to: string;
  what: What | "";
  outcome: Outcome | "";
}

export const WHATS = {
  read: { action: "R" },
  searched: { subtype: "search-type" },
  created: { action: "C" },
  changed: { action: "U" },
  deleted: { action: "D" },
  signedIn: { type: `${DICOM}|110114` },
  emergency: { subtype: "break-glass" },
} as const satisfies Record<string, Parameters>;
export type What = keyof typeof WHATS;

export const OUTCOMES = { done: "0", refused: "4", failed: "8,12" } as const;
export type Outcome = keyof typeof OUTCOMES;

/** From the address of the page; what means nothing there is left out. */
export function filterOf(query: URLSearchParams): Filter {
  const what = query.get("what") ?? "";
  const outcome = query.get("outcome") ?? "";
  return {
    who: query.get("who") ?? "",
    patient: /^[A-Za-z0-9.-]{1,64}$/.exec(query.get("patient") ?? "")?.[0] ?? "",
    from: dateIn(query.get("from")),
    to: dateIn(query.get("to")),
    what: Object.hasOwn(WHATS, what) ? (what as What) : "",
    outcome: Object.hasOwn(OUTCOMES, outcome) ? (outcome as Outcome) : "",
  };
}

/** As it stands in the address. */
export function addressOf(filter: Partial<Filter>): string {
  return new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== "")).toString();
}

/** The search for it, the newest first; `account` is the one that `filter.who` names. An account that is somebody in the records is found by that, others by their id. */
export function searchOf(filter: Filter, account: Pick<User, "fhirUser"> | undefined): Parameters {
  const reference = filter.who.includes("/") ? filter.who : account?.fhirUser;
  const date = [...(filter.from === "" ? [] : [`ge${filter.from}`]), ...(filter.to === "" ? [] : [`le${filter.to}`])];
  return {
    ...(filter.who === "" ? {} : reference != null ? { agent: reference } : { "agent:identifier": filter.who }),
    ...(filter.patient === "" ? {} : { patient: `Patient/${filter.patient}` }),
    ...(date.length === 0 ? {} : { date }),
    ...(filter.what === "" ? {} : WHATS[filter.what]),
    ...(filter.outcome === "" ? {} : { outcome: OUTCOMES[filter.outcome] }),
    _sort: "-date",
    _count: 50,
  };
}

function dateIn(value: string | null): string {
  return /^\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.exec(value ?? "")?.[0] ?? "";
}
