import { IconBed, IconChartBar, IconGauge, IconReportAnalytics } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import type { Place } from "../shared/frame/navigation.ts";
import { startApp } from "../shared/start.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import description from "./app.json";
import { Beds } from "./beds/Beds.tsx";
import de from "./locales/de.json";
import en from "./locales/en.json";

const Wall = lazy(() => import("./beds/Wall.tsx"));
const Capacity = lazy(() => import("./capacity/Capacity.tsx"));
const Metrics = lazy(() => import("./metrics/Metrics.tsx"));
const MetricPage = lazy(() => import("./metrics/MetricPage.tsx"));
const Reports = lazy(() => import("./reports/Reports.tsx"));

const PLACES: readonly Place[] = [
  { path: "", label: "place.beds", icon: IconBed, key: "b", needs: ["Location", "s"] },
  { path: "capacity", label: "place.capacity", icon: IconGauge, key: "c", needs: ["Location", "s"] },
  { path: "metrics", label: "place.metrics", icon: IconChartBar, key: "m", needs: ["Encounter", "s"] },
  { path: "reports", label: "place.reports", icon: IconReportAnalytics, key: "r", needs: ["MeasureReport", "s"] },
];

void startApp({
  description,
  texts: { en, de },
  places: PLACES,
  live: ["Location", "Encounter", "Patient", "Flag", "Device", "MeasureReport"],
  children: (
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/wall"><Wall /></Route>
        <Route>
          <Frame places={PLACES}>
            <Suspense fallback={<Loading lines={8} />}>
              <Switch>
                <Route path="/capacity"><Capacity /></Route>
                <Route path="/metrics"><Metrics /></Route>
                <Route path="/metrics/:id">{({ id }) => <MetricPage key={id} id={id} />}</Route>
                <Route path="/reports"><Reports /></Route>
                <Route><Beds /></Route>
              </Switch>
            </Suspense>
          </Frame>
        </Route>
      </Switch>
    </Suspense>
  ),
});
