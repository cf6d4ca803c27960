import type { Encounter, Flag, Observation, Patient, Task } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";
import { hasCode } from "../../shared/format/codes.ts";

export const ALERT = "https://fhirserver.example/CodeSystem/alert";
/** How long vital signs may be old on a ward. Source: NICE CG50, recommendation 1.2: at least every 12 hours. */
export const VITALS_HOURS = 12;
const AHEAD_MS = 300_000;

export interface Row {
  patient: Patient;
  encounter: Encounter;
  place: string;
  reason: string;
  since: string | undefined;
  /** When vital signs were taken last, as far as was asked. */
  vitalsAt: string | undefined;
  isOverdue: boolean;
  warning: Flag | undefined;
  alerts: Task[];
}

/** The bed where somebody lies now, else the ward. */
export function placeOf(encounter: Encounter): string {
  const now = (encounter.location ?? []).filter((one) => one.status !== "completed" && one.period?.end === undefined);
  const bed = now.find((one) => hasCode(one.physicalType, "bd")) ?? now.at(-1);
  return bed?.location.display ?? "";
}

/** The inpatients and emergency patients with what is urgent about them: open alerts first, then overdue vital signs, then by place. */
export function wardRows(
  encounters: readonly Encounter[], patients: readonly Patient[], vitals: readonly Observation[], flags: readonly Flag[], tasks: readonly Task[],
  now = Date.now(),
): Row[] {
  const byId = new Map(patients.map((one) => [one.id ?? "", one]));
  const latest = new Map<string, string>();
  for (const one of vitals) {
    const id = idIn(one.subject?.reference, "Patient");
    const at = one.effectiveDateTime;
    // A clock that is ahead would hide that nothing was measured.
    if (id !== undefined && at !== undefined && Date.parse(at) <= now + AHEAD_MS && Date.parse(at) > Date.parse(latest.get(id) ?? "1970-01-01")) latest.set(id, at);
  }
  const rows = new Map<string, Row>();
  for (const encounter of encounters) {
    const id = idIn(encounter.subject?.reference, "Patient");
    const patient = id === undefined ? undefined : byId.get(id);
    if (id === undefined || patient === undefined || rows.has(id)) continue;
    const vitalsAt = latest.get(id);
    rows.set(id, {
      patient,
      encounter,
      place: placeOf(encounter),
      reason: encounter.reasonCode?.map((one) => one.text ?? one.coding?.[0]?.display ?? "").filter(Boolean).join(", ") ?? "",
      since: encounter.period?.start,
      vitalsAt,
      isOverdue: vitalsAt === undefined || now - Date.parse(vitalsAt) > VITALS_HOURS * 3_600_000,
      warning: flags.find((flag) => flag.status === "active" && idIn(flag.subject.reference, "Patient") === id && hasCode(flag.code, "early-warning", ALERT)),
      alerts: tasks.filter((task) => idIn(task.for?.reference, "Patient") === id),
    });
  }
  return [...rows.values()].sort((a, b) => urgency(b) - urgency(a) || a.place.localeCompare(b.place, undefined, { numeric: true }));
}

const LEVELS = ["early-warning.single", "early-warning.medium", "early-warning.high"];

/** 0 none, 1 one sign far off, 2 medium, 3 high. */
export function warningLevel(flag: Flag | undefined): number {
  return 1 + LEVELS.findLastIndex((level) => hasCode(flag?.code, level));
}

/** "NEWS2 5 (respiration 2)" of "Early warning: medium: NEWS2 5 (respiration 2)". */
export function warningScore(flag: Flag | undefined): string {
  const said = flag?.code.text ?? "";
  return /NEWS2.*/.exec(said)?.[0] ?? said;
}

function urgency(row: Row): number {
  const stat = row.alerts.some((task) => task.priority === "stat") ? 8 : 0;
  return stat + warningLevel(row.warning) * 2 + (row.alerts.length > 0 ? 2 : 0) + (row.isOverdue ? 1 : 0);
}
