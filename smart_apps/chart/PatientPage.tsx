import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import { PatientBanner, usePatientBatch } from "../shared/frame/PatientBanner.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Guard } from "../shared/states/Guard.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { placesOf } from "./places.ts";
import { Queue } from "./vitals/Queue.tsx";

const Summary = lazy(() => import("./summary/Summary.tsx"));
const Vitals = lazy(() => import("./vitals/Vitals.tsx"));
const RecordVitals = lazy(() => import("./vitals/RecordVitals.tsx"));
const Results = lazy(() => import("./results/Results.tsx"));
const Report = lazy(() => import("./results/Report.tsx"));
const Problems = lazy(() => import("./records/Problems.tsx"));
const Medications = lazy(() => import("./records/Medications.tsx"));
const Allergies = lazy(() => import("./records/Allergies.tsx"));
const Notes = lazy(() => import("./notes/Notes.tsx"));
const Documents = lazy(() => import("./documents/Documents.tsx"));
const Orders = lazy(() => import("./orders/Orders.tsx"));
const Imaging = lazy(() => import("./records/Imaging.tsx"));
const Plan = lazy(() => import("./records/Plan.tsx"));
const Procedures = lazy(() => import("./records/Procedures.tsx"));
const Immunizations = lazy(() => import("./records/Immunizations.tsx"));
const Encounters = lazy(() => import("./records/Encounters.tsx"));
const Share = lazy(() => import("./share/Share.tsx"));
const BreakGlass = lazy(() => import("./BreakGlass.tsx"));

/** A patient's record: the banner above, its pages at the side, and the way in when it is closed. */
export function PatientPage({ id }: { id: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { query, patient } = usePatientBatch(id);
  const isClosed = query.data !== undefined && patient === undefined;
  return (
    <Frame places={placesOf(id, session.grant.patient !== undefined)} banner={<PatientBanner id={id} patientPath={(other) => `/patients/${other}`} />}>
      <Queue patient={id} />
      <Suspense fallback={<Loading lines={8} />}>
        <Guard>
          {isClosed ? <BreakGlass patient={id} onOpened={() => void query.refetch()} /> : (
            <Switch>
              <Route path="/patients/:id"><Summary patient={id} /></Route>
              <Route path="/patients/:id/vitals"><Vitals patient={id} /></Route>
              <Route path="/patients/:id/vitals/new"><RecordVitals patient={id} /></Route>
              <Route path="/patients/:id/results"><Results patient={id} /></Route>
              <Route path="/patients/:id/results/reports/:report">{({ report }) => <Report patient={id} report={report} />}</Route>
              <Route path="/patients/:id/problems"><Problems patient={id} /></Route>
              <Route path="/patients/:id/medications"><Medications patient={id} /></Route>
              <Route path="/patients/:id/allergies"><Allergies patient={id} /></Route>
              <Route path="/patients/:id/notes"><Notes patient={id} /></Route>
              <Route path="/patients/:id/documents"><Documents patient={id} /></Route>
              <Route path="/patients/:id/orders"><Orders patient={id} /></Route>
              <Route path="/patients/:id/imaging"><Imaging patient={id} /></Route>
              <Route path="/patients/:id/plan"><Plan patient={id} /></Route>
              <Route path="/patients/:id/procedures"><Procedures patient={id} /></Route>
              <Route path="/patients/:id/immunizations"><Immunizations patient={id} /></Route>
              <Route path="/patients/:id/encounters"><Encounters patient={id} /></Route>
              <Route path="/patients/:id/share"><Share patient={id} /></Route>
              <Route><Empty title={t("noSuchPage")} /></Route>
            </Switch>
          )}
        </Guard>
      </Suspense>
    </Frame>
  );
}
