import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { PatientPage } from "./PatientPage.tsx";
import { PLACES } from "./places.ts";

const MyPatients = lazy(() => import("./lists/MyPatients.tsx"));
const FindPatient = lazy(() => import("./lists/FindPatient.tsx"));

/** The routes below /apps/chart/. Opened from a record, there is that patient and no other. */
export function Chart() {
  const { session } = useSmart();
  const only = session.grant.patient;
  return (
    <Switch>
      <Route path="/patients/:id/*?">
        {({ id }) => (only !== undefined && id !== only ? <Redirect to={`/patients/${only}`} replace /> : <PatientPage key={id} id={id} />)}
      </Route>
      <Route>
        {only !== undefined ? <Redirect to={`/patients/${only}`} replace /> : (
          <Frame places={PLACES}>
            <Suspense fallback={<Loading lines={6} />}>
              <Switch>
                <Route path="/"><MyPatients /></Route>
                <Route path="/search"><FindPatient /></Route>
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
