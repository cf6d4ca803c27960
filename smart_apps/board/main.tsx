import { IconBed, IconChartBar, IconChartHistogram, IconGauge, IconReportAnalytics } from "@tabler/icons-react";
import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import type { Place } from "../shared/frame/navigation.ts";
import { part } from "../shared/parts/part.tsx";
import { startApp } from "../shared/start.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import description from "./app.json";
import { Beds } from "./beds/Beds.tsx";

const Wall = part(() => import("./beds/Wall.tsx"));
const Capacity = part(() => import("./capacity/Capacity.tsx"));
const Metrics = part(() => import("./metrics/Metrics.tsx"));
const MetricPage = part(() => import("./metrics/MetricPage.tsx"));
const Cohorts = part(() => import("./cohorts/Cohorts.tsx"));
const Builder = part(() => import("./builder/Builder.tsx"));
const Reports = part(() => import("./reports/Reports.tsx"));

const PLACES: readonly Place[] = [
  { path: "", label: "place.beds", icon: IconBed, key: "b", needs: ["Location", "s"] },
  { path: "capacity", label: "place.capacity", icon: IconGauge, key: "c", needs: ["Location", "s"] },
  { path: "metrics", label: "place.metrics", icon: IconChartBar, key: "m", needs: ["Encounter", "s"] },
  { path: "trends", label: "place.trends", icon: IconChartHistogram, key: "t", needs: ["Observation", "s"] },
  { path: "reports", label: "place.reports", icon: IconReportAnalytics, key: "r", needs: ["MeasureReport", "s"] },
];

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: {
    "/wall": Wall, "/capacity": Capacity, "/metrics": Metrics, "/metrics/:id": MetricPage, "/trends": Cohorts, "/reports": Reports, "/reports/new": Builder,
    "/reports/own/:id": Builder,
  },
  live: ["Location", "Encounter", "Patient", "Flag", "Device", "MeasureReport", "DocumentReference"],
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
                <Route path="/trends"><Cohorts /></Route>
                <Route path="/reports"><Reports /></Route>
                <Route path="/reports/new"><Builder key="new" /></Route>
                <Route path="/reports/own/:id">{({ id }) => <Builder key={id} id={id} />}</Route>
                <Route><Beds /></Route>
              </Switch>
            </Suspense>
          </Frame>
        </Route>
      </Switch>
    </Suspense>
  ),
});
