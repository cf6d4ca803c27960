import { IconChecklist, IconPill, IconSearch } from "@tabler/icons-react";
import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import type { Place } from "../shared/frame/navigation.ts";
import { PatientBanner } from "../shared/frame/PatientBanner.tsx";
import { part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { startApp } from "../shared/start.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import description from "./app.json";
import { FindPatient } from "./FindPatient.tsx";

const Round = part(() => import("./Round.tsx"));
const Queue = part(() => import("./Queue.tsx"));
const PatientPage = part(() => import("./PatientPage.tsx"));
const OrderPage = part(() => import("./OrderPage.tsx"));
const ReconcilePage = part(() => import("./ReconcilePage.tsx"));

const PLACES: readonly Place[] = [
  { path: "", label: "find.place", icon: IconSearch, key: "f" },
  { path: "round", label: "round.place", icon: IconChecklist, key: "r", needs: ["MedicationAdministration", "c"], roles: ["nurse"] },
  { path: "queue", label: "queue.place", icon: IconPill, key: "q", needs: ["MedicationDispense", "c"], roles: ["pharmacist"] },
];
const patientPath = (id: string) => `/patients/${id}`;

function Pages() {
  const { session } = useSmart();
  const launched = session.grant.patient;
  return (
    <Suspense fallback={<Loading />}>
      <Switch>
        <Route path="/patients/:id/order">{({ id }) => <OfPatient id={id}><OrderPage patient={id} /></OfPatient>}</Route>
        <Route path="/patients/:id/reconcile">{({ id }) => <OfPatient id={id}><ReconcilePage patient={id} /></OfPatient>}</Route>
        <Route path="/patients/:id">{({ id }) => <OfPatient id={id}><PatientPage patient={id} /></OfPatient>}</Route>
        <Route path="/round"><Frame places={PLACES}><Round /></Frame></Route>
        <Route path="/queue"><Frame places={PLACES}><Queue /></Frame></Route>
        <Route>
          {launched === undefined ? <Frame places={PLACES}><FindPatient /></Frame> : <OfPatient id={launched}><PatientPage patient={launched} /></OfPatient>}
        </Route>
      </Switch>
    </Suspense>
  );
}

function OfPatient({ id, children }: { id: string; children: React.ReactNode }) {
  const { session } = useSmart();
  const places = session.grant.patient === undefined ? PLACES : [];
  return <Frame places={places} banner={<PatientBanner id={id} patientPath={patientPath} />}>{children}</Frame>;
}

void startApp({
  description,
  texts: { en: () => import("./locales/en.json"), de: () => import("./locales/de.json") },
  places: PLACES,
  pages: {
    "/round": Round, "/queue": Queue, "/patients/:id": PatientPage, "/patients/:id/order": OrderPage, "/patients/:id/reconcile": ReconcilePage,
  },
  live: ["MedicationRequest", "MedicationAdministration", "MedicationDispense", "AllergyIntolerance"],
  patientPath,
  children: <Pages />,
});
