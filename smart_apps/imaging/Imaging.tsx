import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";

import { idIn } from "../shared/fhir/bundle.ts";
import { Frame } from "../shared/frame/Frame.tsx";
import { PatientBanner } from "../shared/frame/PatientBanner.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part, type Preparable } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { PLACES } from "./places.ts";
import { Worklist } from "./studies/Worklist.tsx";

const PatientStudies = part(() => import("./studies/PatientStudies.tsx"));
const Upload = part(() => import("./upload/Upload.tsx"));
const MoveStudy = part(() => import("./moving/MoveStudy.tsx"));
const StudyPage = part(() => import("./viewer/StudyPage.tsx"));

/** By their routes; the viewer is prepared where studies are listed. */
export const PAGES: Record<string, Preparable> = { "/patients/:id": PatientStudies, "/patients/:id/upload": Upload, "/studies/:id/move": MoveStudy };

const patientPath = (id: string) => `/patients/${id}`;

/** The pages of the app. In a launch with a patient it opens that patient, and with a study that study. */
export function Imaging() {
  const { session } = useSmart();
  const { patient, fhirContext } = session.grant;
  const study = fhirContext?.map((one) => idIn(one.reference, "ImagingStudy")).find((id) => id !== undefined);
  const isOpen = (id: string) => patient === undefined || patient === id;
  return (
    <Switch>
      <Route path="/patients/:id">
        {({ id }) => (
          <Frame places={PLACES} banner={isOpen(id) && <PatientBanner key={id} id={id} patientPath={patientPath} />}>
            <Suspense fallback={<Loading />}>{isOpen(id) ? <PatientStudies key={id} patient={id} /> : <OtherPatient />}</Suspense>
          </Frame>
        )}
      </Route>
      <Route path="/patients/:id/upload">
        {({ id }) => (
          <Frame places={PLACES} banner={isOpen(id) && <PatientBanner key={id} id={id} patientPath={patientPath} />}>
            <Suspense fallback={<Loading />}>{isOpen(id) ? <Upload key={id} patient={id} /> : <OtherPatient />}</Suspense>
          </Frame>
        )}
      </Route>
      <Route path="/studies/:id/move">
        {({ id }) => <Frame places={PLACES}><Suspense fallback={<Loading />}>{patient === undefined ? <MoveStudy key={id} id={id} /> : <OtherPatient />}</Suspense></Frame>}
      </Route>
      <Route path="/studies/:id">
        {({ id }) => <Suspense fallback={<Frame places={PLACES}><Loading /></Frame>}><StudyPage key={id} id={id} /></Suspense>}
      </Route>
      <Route>
        {study !== undefined && <Redirect to={`/studies/${study}`} replace />}
        {study === undefined && patient !== undefined && <Redirect to={patientPath(patient)} replace />}
        {study === undefined && patient === undefined && <Frame places={PLACES}><Worklist /></Frame>}
      </Route>
    </Switch>
  );
}

/** The app was opened from one patient's chart: nobody else's images are shown in it. */
export function OtherPatient() {
  const { t } = useTexts();
  return <Empty title={t("otherPatient")} />;
}
