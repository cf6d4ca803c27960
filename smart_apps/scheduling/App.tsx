import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Guard } from "../shared/states/Guard.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { OWN_PLACES, PLACES } from "./places.ts";

const Calendar = lazy(() => import("./calendar/Calendar.tsx"));
const Waiting = lazy(() => import("./waiting/Waiting.tsx"));
const Hours = lazy(() => import("./hours/Hours.tsx"));
const Mine = lazy(() => import("./mine/Mine.tsx"));
const BookOwn = lazy(() => import("./mine/BookOwn.tsx"));

/** Staff see calendars, patients their own appointments. */
export function App() {
  const { session } = useSmart();
  const isPatient = session.grant.fhirUser?.startsWith("Patient/") === true;
  return (
    <Frame places={isPatient ? OWN_PLACES : PLACES}>
      <Guard>
        <Suspense fallback={<Loading lines={8} />}>
          <Switch>
            <Route path="/" component={isPatient ? Mine : Calendar} />
            {isPatient && <Route path="/book" component={BookOwn} />}
            {!isPatient && <Route path="/waiting" component={Waiting} />}
            {!isPatient && <Route path="/hours" component={Hours} />}
            <Route><NoPage /></Route>
          </Switch>
        </Suspense>
      </Guard>
    </Frame>
  );
}

function NoPage() {
  const { t } = useTexts();
  return <Empty title={t("noPage")} />;
}
