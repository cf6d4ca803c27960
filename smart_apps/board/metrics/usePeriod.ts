import { useLocation, useSearch } from "wouter";

import { periodIn, type Period } from "./period.ts";

/** The period of the page, which is in its address, so that a link says it. */
export function usePeriod(): [Period, (period: Period) => void, string] {
  const search = useSearch();
  const [here, go] = useLocation();
  const period = periodIn(search);
  const asSearch = (one: Period) => `?start=${one.start}&end=${one.end}`;
  return [period, (next) => go(here + asSearch(next), { replace: true }), asSearch(period)];
}
