import type { AuditEvent } from "fhir/r4";

/** What somebody did with a record: by whom, in which role, since when until when, and to what. */
export interface Look {
  id: string;
  who: string;
  /** Practitioner/1; undefined for systems. */
  reference: string | undefined;
  /** A code of this server's roles; "" when none is told. */
  role: string;
  /** The hospital's computer did it by itself: a check, a reminder. Nobody read it. */
  isAutomatic: boolean;
  first: string;
  last: string;
  isChange: boolean;
  /** The glass was broken: opened in an emergency. */
  isEmergency: boolean;
  /** Types of what was looked at, other than the patient's own entry. */
  types: string[];
}

const GAP_MS = 15 * 60_000;
const EMERGENCY = ["BTG", "ETREAT"];
// Work of the server's own goes on record under the name of its workflow.
const OWN_WORK = "workflow:";
const CHANGES = ["C", "U", "D"];

/** Events, the newest first, as looks: what one person did without a pause of a quarter of an hour is one. */
export function looksOf(events: readonly AuditEvent[]): Look[] {
  const looks: Look[] = [];
  for (const event of events) {
    const one = lookOf(event);
    const before = looks.find((look) => look.who === one.who && look.reference === one.reference && look.role === one.role
      && look.isChange === one.isChange && look.isEmergency === one.isEmergency && Date.parse(look.first) - Date.parse(one.last) <= GAP_MS);
    if (before === undefined) looks.push(one);
    else {
      before.first = one.first;
      before.types = [...new Set([...before.types, ...one.types])];
    }
  }
  return looks;
}

function lookOf(event: AuditEvent): Look {
  const agent = event.agent.find((one) => one.requestor) ?? event.agent[0];
  const purposes = [...(event.purposeOfEvent ?? []), ...(agent?.purposeOfUse ?? [])].flatMap((one) => one.coding ?? []);
  const types = (event.entity ?? []).map((entity) => entity.what?.reference?.split("/")[0] ?? "").filter((type) => type !== "" && type !== "Patient");
  const who = agent?.who?.display ?? agent?.who?.identifier?.value ?? "";
  return {
    id: event.id ?? event.recorded,
    who,
    isAutomatic: who.startsWith(OWN_WORK),
    reference: agent?.who?.reference,
    role: agent?.role?.[0]?.coding?.[0]?.code ?? "",
    first: event.recorded,
    last: event.recorded,
    isChange: CHANGES.includes(event.action ?? ""),
    isEmergency: purposes.some((coding) => EMERGENCY.includes(coding.code ?? "")),
    types: [...new Set(types)],
  };
}
