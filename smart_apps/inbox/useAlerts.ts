import type { Bundle, Practitioner, Task } from "fhir/r4";
import { useMemo } from "react";

import { linkOf } from "../shared/fhir/bundle.ts";
import { useAsk, useBatch, useSearch } from "../shared/fhir/queries.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { alertsOf, missingPeople, searchOf, TAKEN, WAITING, type Alert } from "./alerts.ts";
import { earlierSearch, earlierValues, type Earlier } from "./earlier.ts";

export type Tab = "open" | "done";

const MOST_PAGES = 4;
const DAY_MS = 86_400_000;

interface Pages {
  bundles: Bundle[];
  /** There are more than were read. */
  isCut: boolean;
}

/** The alerts that wait and that were taken on, or those of the last day that are over; all pages, because the order is ours. */
export function useAlerts(tab: Tab, owners: readonly string[] | undefined) {
  const { session } = useSmart();
  const statuses = tab === "open" ? [...WAITING, ...TAKEN] : ["completed", "cancelled"];
  const more: Record<string, string> = {};
  if (owners !== undefined) more.owner = owners.join(",");
  if (session.grant.patient !== undefined) more.patient = session.grant.patient;
  const query = useAsk<Pages>(["Task", "DetectedIssue", "Flag"], ["alerts", tab, JSON.stringify(more)], async (fhir) => {
    const since: Record<string, string> = tab === "done" ? { _lastUpdated: `ge${new Date(Date.now() - DAY_MS).toISOString()}` } : {};
    const bundles = [await fhir.search<Task>("Task", searchOf(statuses, { ...more, ...since }))];
    let next = linkOf(bundles[0], "next");
    while (next !== undefined && bundles.length < MOST_PAGES) {
      const page = await fhir.page<Task>(next);
      bundles.push(page);
      next = linkOf(page, "next");
    }
    return { bundles, isCut: next !== undefined };
  });
  const people = useMissing(query.data?.bundles);
  const alerts = useMemo(() => (query.data === undefined ? undefined : alertsOf([...query.data.bundles, people])), [people, query.data]);
  return { query, alerts, isCut: query.data?.isCut === true };
}

/** Names of who is next, where the answer doesn't have them. */
function useMissing(bundles: Bundle[] | undefined): Bundle | undefined {
  const ids = missingPeople(bundles ?? []).filter((one) => one.startsWith("Practitioner/")).map((one) => one.slice("Practitioner/".length));
  return useSearch<Practitioner>("Practitioner", ids.length === 0 ? undefined : { _id: ids.join(","), _count: ids.length }, { keep: true }).data;
}

const MOST_EARLIER = 30;

/** The value before, of each result that an alert is about. */
export function useEarlier(alerts: readonly Alert[] | undefined): ReadonlyMap<string, Earlier> {
  const about = (alerts ?? []).filter((one) => one.result !== undefined && earlierSearch(one.result) !== undefined).slice(0, MOST_EARLIER);
  const requests = about.map((one) => (one.result === undefined ? "" : (earlierSearch(one.result) ?? "")));
  const query = useBatch(requests.length === 0 ? undefined : requests, ["DetectedIssue"]);
  return useMemo(() => earlierValues(about, query.data), [about, query.data]);
}
