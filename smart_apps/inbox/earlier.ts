import type { Bundle, Observation } from "fhir/r4";

import { answerOf, resourcesOf } from "../shared/fhir/bundle.ts";
import { queryOf } from "../shared/fhir/client.ts";
import { moment } from "../shared/format/dates.ts";
import { plain, quantity, unitOf } from "../shared/format/quantities.ts";
import type { Alert } from "./alerts.ts";

/** The value before, when it was taken, and by how much it differs where the units are the same. */
export interface Earlier {
  value: string;
  at: string;
  change?: string;
}

/** The search for the last result of the same test before this one. */
export function earlierSearch(result: Observation): string | undefined {
  const coding = result.code.coding?.[0];
  const at = result.effectiveDateTime ?? result.effectivePeriod?.start;
  const patient = result.subject?.reference;
  if (coding?.code === undefined || at === undefined || patient === undefined) return undefined;
  const code = coding.system === undefined ? coding.code : `${coding.system}|${coding.code}`;
  return `Observation?${queryOf({ subject: patient, code, date: `lt${at}`, "status:not": "entered-in-error", _sort: "-date", _count: 1 })}`;
}

/** By the alert's id, from the answer to the searches of these alerts. */
export function earlierValues(alerts: readonly Alert[], answers: Bundle | undefined): ReadonlyMap<string, Earlier> {
  const found = new Map<string, Earlier>();
  alerts.forEach((alert, n) => {
    const before = resourcesOf<Observation>(answerOf<Bundle>(answers, n), "Observation")[0];
    if (before?.valueQuantity?.value === undefined) return;
    found.set(alert.id, { value: quantity(before.valueQuantity), at: moment(before.effectiveDateTime ?? before.effectivePeriod?.start), change: change(before, alert.result) });
  });
  return found;
}

/** +2.6, without more digits than the values have. */
export function change(before: Observation, after: Observation | undefined): string | undefined {
  const [a, b] = [before.valueQuantity, after?.valueQuantity];
  if (a?.value === undefined || b?.value === undefined || unitOf(a) !== unitOf(b) || a.comparator !== undefined || b.comparator !== undefined) return undefined;
  const digits = Math.max(...[a.value, b.value].map((one) => plain(one).split(".")[1]?.length ?? 0));
  const by = b.value - a.value;
  return `${by < 0 ? "−" : "+"}${Math.abs(by).toFixed(digits)}`;
}
