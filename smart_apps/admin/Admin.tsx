import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";

import { Frame } from "../shared/frame/Frame.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { LiveUpdates } from "../shared/live/LiveUpdates.tsx";
import { part, type Part } from "../shared/parts/part.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Guard } from "../shared/states/Guard.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { useIsKnown, useMayNamePatients } from "./people/rights.ts";
import { PLACES } from "./places.ts";

/** By their routes. */
export const PAGES: Record<string, Part<object>> = {
  "/reviews": part(() => import("./reviews/Reviews.tsx")),
  "/trail": part(() => import("./trail/Trail.tsx")),
  "/trail/disclosures": part(() => import("./trail/Disclosures.tsx")),
  "/trail/seals": part(() => import("./trail/Seals.tsx")),
  "/explain": part(() => import("./explain/Explain.tsx")),
  "/users": part(() => import("./users/Users.tsx")),
  "/users/:id": part(() => import("./users/UserPage.tsx")),
  "/teams": part(() => import("./teams/Teams.tsx")),
  "/policies": part(() => import("./policies/Policies.tsx")),
  "/policies/:name/edit": part(() => import("./policies/EditPolicy.tsx")),
  "/policies/:name": part(() => import("./policies/PolicyPage.tsx")),
  "/clients": part(() => import("./clients/Clients.tsx")),
  "/clients/:id": part(() => import("./clients/ClientPage.tsx")),
  "/server": part(() => import("./server/Server.tsx")),
};

/** For administrators, and for privacy officers and auditors: each sees the places that are theirs. */
export function Admin() {
  const isKnown = useIsKnown();
  const isOfficer = useMayNamePatients();
  return (
    // Nobody hears of types that aren't theirs to read.
    <LiveUpdates types={!isKnown ? [] : isOfficer ? ["Task", "Basic"] : ["Basic", "CareTeam"]}>
      <Frame places={PLACES}>
        <Guard>
          <Suspense fallback={<Loading lines={8} />}>{isKnown ? <Pages first={isOfficer ? "/reviews" : "/users"} /> : <Loading lines={8} />}</Suspense>
        </Guard>
      </Frame>
    </LiveUpdates>
  );
}

function Pages({ first }: { first: string }) {
  const { t } = useTexts();
  return (
    <Switch>
      <Route path="/"><Redirect to={first} replace /></Route>
      {Object.entries(PAGES).map(([path, Page]) => <Route key={path} path={path}><Page /></Route>)}
      <Route><Empty title={t("noPage")} /></Route>
    </Switch>
  );
}
