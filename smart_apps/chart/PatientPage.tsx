import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import { PatientBanner, usePatientBatch } from "../shared/frame/PatientBanner.tsx";
import { useTexts, withTexts } from "../shared/i18n/i18n.ts";
import { part, type Preparable } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Guard } from "../shared/states/Guard.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { Emergency } from "./Emergency.tsx";
import { PERSON, RECORDS, TIMELINE } from "./partTexts.ts";
import { PLACES, placesOf } from "./places.ts";
import { useIsClerk } from "./useIsClerk.ts";
import { Queue } from "./vitals/Queue.tsx";

const Summary = part(() => import("./summary/Summary.tsx"));
const Timeline = part(() => withTexts(TIMELINE, import("./timeline/Timeline.tsx")));
const Vitals = part(() => import("./vitals/Vitals.tsx"));
const RecordVitals = part(() => import("./vitals/RecordVitals.tsx"));
const Results = part(() => import("./results/Results.tsx"));
const Report = part(() => import("./results/Report.tsx"));
const Problems = part(() => withTexts(RECORDS, import("./records/Problems.tsx")));
const Medications = part(() => withTexts(RECORDS, import("./records/Medications.tsx")));
const Allergies = part(() => withTexts(RECORDS, import("./records/Allergies.tsx")));
const Notes = part(() => import("./notes/Notes.tsx"));
const Documents = part(() => import("./documents/Documents.tsx"));
const DocumentPage = part(() => import("./documents/DocumentPage.tsx"));
const Orders = part(() => import("./orders/Orders.tsx"));
const Imaging = part(() => withTexts(RECORDS, import("./records/Imaging.tsx")));
const Plan = part(() => withTexts(RECORDS, import("./records/Plan.tsx")));
const Procedures = part(() => withTexts(RECORDS, import("./records/Procedures.tsx")));
const Immunizations = part(() => withTexts(RECORDS, import("./records/Immunizations.tsx")));
const Encounters = part(() => withTexts(RECORDS, import("./records/Encounters.tsx")));
const Share = part(() => import("./share/Share.tsx"));
const Details = part(() => withTexts(PERSON, import("./person/Details.tsx")));
const EditPatient = part(() => withTexts(PERSON, import("./person/EditPatient.tsx")));
const Closed = part(() => import("./Closed.tsx"));

const OF_PATIENT: Record<string, Preparable> = {
  timeline: Timeline, vitals: Vitals, "vitals/new": RecordVitals, results: Results, "results/reports/:report": Report, problems: Problems, medications: Medications,
  allergies: Allergies, notes: Notes, documents: Documents, "documents/:document": DocumentPage, orders: Orders, imaging: Imaging, plan: Plan, procedures: Procedures,
  immunizations: Immunizations, encounters: Encounters, details: Details, "details/edit": EditPatient, share: Share,
};
/** The pages of a record by their routes. */
export const PAGES: Record<string, Preparable> = {
  "/patients/:id": Summary,
  ...Object.fromEntries(Object.entries(OF_PATIENT).map(([path, page]) => [`/patients/:id/${path}`, page])),
};

/** A patient's record: the banner above, its pages at the side, and the way in when it is closed. */
export function PatientPage({ id }: { id: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { query, patient } = usePatientBatch(id);
  const isClerk = useIsClerk();
  const isClosed = query.data !== undefined && patient === undefined;
  return (
    <Frame places={isClosed ? PLACES : placesOf(id, session.grant.patient !== undefined, isClerk)} banner={<PatientBanner id={id} patientPath={(other) => `/patients/${other}`} />}>
      <Queue patient={id} />
      <Suspense fallback={<Loading lines={8} />}>
        <Guard>
          <Switch>
            {/* What is typed outlives that the record is closed meanwhile, as by a merge. */}
            <Route path="/patients/:id/details/edit"><EditPatient patient={id} /></Route>
            <Route>
              {isClosed ? <Closed patient={id} onOpened={() => void query.refetch()} /> : (
                <Emergency patient={id}><Switch>
                  <Route path="/patients/:id">{isClerk ? <Details patient={id} /> : <Summary patient={id} />}</Route>
                  <Route path="/patients/:id/timeline"><Timeline patient={id} /></Route>
                  <Route path="/patients/:id/vitals"><Vitals patient={id} /></Route>
                  <Route path="/patients/:id/vitals/new"><RecordVitals patient={id} /></Route>
                  <Route path="/patients/:id/results"><Results patient={id} /></Route>
                  <Route path="/patients/:id/results/reports/:report">{({ report }) => <Report patient={id} report={report} />}</Route>
                  <Route path="/patients/:id/problems"><Problems patient={id} /></Route>
                  <Route path="/patients/:id/medications"><Medications patient={id} /></Route>
                  <Route path="/patients/:id/allergies"><Allergies patient={id} /></Route>
                  <Route path="/patients/:id/notes"><Notes patient={id} /></Route>
                  <Route path="/patients/:id/documents"><Documents patient={id} /></Route>
                  <Route path="/patients/:id/documents/:document">{({ document }) => <DocumentPage key={document} patient={id} id={document} />}</Route>
                  <Route path="/patients/:id/orders"><Orders patient={id} /></Route>
                  <Route path="/patients/:id/imaging"><Imaging patient={id} /></Route>
                  <Route path="/patients/:id/plan"><Plan patient={id} /></Route>
                  <Route path="/patients/:id/procedures"><Procedures patient={id} /></Route>
                  <Route path="/patients/:id/immunizations"><Immunizations patient={id} /></Route>
                  <Route path="/patients/:id/encounters"><Encounters patient={id} /></Route>
                  <Route path="/patients/:id/details"><Details patient={id} /></Route>
                  <Route path="/patients/:id/share"><Share patient={id} /></Route>
                  <Route><Empty title={t("noSuchPage")} /></Route>
                </Switch></Emergency>
              )}
            </Route>
          </Switch>
        </Guard>
      </Suspense>
    </Frame>
  );
}
