import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import { useTexts, withTexts } from "../shared/i18n/i18n.ts";
import { part, type Preparable } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { PERSON } from "./partTexts.ts";
import { PAGES as OF_RECORD, PatientPage } from "./PatientPage.tsx";
import { PLACES } from "./places.ts";
import { useIsClerk } from "./useIsClerk.ts";

const MyPatients = part(() => import("./lists/MyPatients.tsx"));
const FindPatient = part(() => import("./lists/FindPatient.tsx"));
const SharedWithMe = part(() => import("./documents/SharedWithMe.tsx"));
const SharedDocument = part(() => import("./documents/SharedDocument.tsx"));
const NewPatient = part(() => withTexts(PERSON, import("./person/NewPatient.tsx")));
/** By their routes. */
export const PAGES: Record<string, Preparable> = {
  "/": MyPatients, "/search": FindPatient, "/shared": SharedWithMe, "/shared/:id": SharedDocument, "/register": NewPatient, ...OF_RECORD,
};

/** The routes below /apps/chart/. Opened from a record, there is that patient and no other. */
export function Chart() {
  const { session } = useSmart();
  const only = session.grant.patient;
  const isClerk = useIsClerk();
  return (
    <Switch>
      <Route path="/patients/:id/*?">
        {({ id }) => (only !== undefined && id !== only ? <Redirect to={`/patients/${only}`} replace /> : <PatientPage key={id} id={id} />)}
      </Route>
      <Route>
        {only !== undefined ? <Redirect to={`/patients/${only}`} replace /> : (
          <Frame places={isClerk ? PLACES.filter((place) => place.path !== "") : PLACES}>
            <Suspense fallback={<Loading lines={6} />}>
              <Switch>
                <Route path="/">{isClerk ? <Redirect to="/search" replace /> : <MyPatients />}</Route>
                <Route path="/search"><FindPatient /></Route>
                <Route path="/shared"><SharedWithMe /></Route>
                <Route path="/shared/:id">{({ id }) => <SharedDocument key={id} id={id} />}</Route>
                <Route path="/register"><NewPatient /></Route>
                <Route><NoSuchPage /></Route>
              </Switch>
            </Suspense>
          </Frame>
        )}
      </Route>
    </Switch>
  );
}

function NoSuchPage() {
  const { t } = useTexts();
  return <Empty title={t("noSuchPage")} />;
}
