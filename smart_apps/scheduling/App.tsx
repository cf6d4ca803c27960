import { Suspense } from "react";
import { Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part, type Preparable } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Guard } from "../shared/states/Guard.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { OWN_PLACES, PLACES } from "./places.ts";

const Calendar = part(() => import("./calendar/Calendar.tsx"));
const Waiting = part(() => import("./waiting/Waiting.tsx"));
const Orders = part(() => import("./orders/Orders.tsx"));
const Hours = part(() => import("./hours/Hours.tsx"));
const Mine = part(() => import("./mine/Mine.tsx"));
const BookOwn = part(() => import("./mine/BookOwn.tsx"));
/** By their routes. */
export const PAGES: Record<string, Preparable> = { "/waiting": Waiting, "/orders": Orders, "/hours": Hours, "/book": BookOwn };

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
            {!isPatient && <Route path="/orders" component={Orders} />}
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
