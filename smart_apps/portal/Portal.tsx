import { NativeSelect } from "@mantine/core";
import type { Patient } from "fhir/r4";
import { Suspense, useState } from "react";
import { Route, Switch } from "wouter";

import { idIn, resourcesOf } from "../shared/fhir/bundle.ts";
import type { Stored } from "../shared/fhir/client.ts";
import { useSearch } from "../shared/fhir/queries.ts";
import { day } from "../shared/format/dates.ts";
import { plainName } from "../shared/format/people.ts";
import { Frame } from "../shared/frame/Frame.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part, type Part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Guard } from "../shared/states/Guard.tsx";
import { Loaded, Loading } from "../shared/states/Loaded.tsx";
import { PLACES } from "./places.ts";

/** By their routes. */
export const PAGES: Record<string, Part<{ patient: Stored<Patient> }>> = {
  "/": part(() => import("./pages/Overview.tsx")),
  "/results": part(() => import("./pages/Results.tsx")),
  "/health": part(() => import("./pages/Health.tsx")),
  "/seen": part(() => import("./pages/Seen.tsx")),
  "/consents": part(() => import("./pages/Consents.tsx")),
  "/download": part(() => import("./pages/Download.tsx")),
};

/** A patient's own record, or that of those they stand for. */
export function Portal() {
  const { session } = useSmart();
  const own = session.grant.patient ?? idIn(session.grant.fhirUser, "Patient");
  const query = useSearch<Patient>("Patient", own === undefined ? { _count: 20 } : { _id: own });
  return (
    <Frame places={PLACES}>
      <Loaded query={query} lines={8}>{(bundle) => <Whose patients={resourcesOf<Stored<Patient>>(bundle, "Patient")} />}</Loaded>
    </Frame>
  );
}

/** Who stands for several chooses whose record it is; the choice lasts as long as the page. */
function Whose({ patients }: { patients: Stored<Patient>[] }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [id, setId] = useState<string>();
  const patient = patients.find((one) => one.id === id) ?? patients[0];
  // Staff have the chart: here they would take somebody's record for their own.
  const isStaff = !/^(Patient|RelatedPerson)\//.test(session.grant.fhirUser ?? "");
  if (patient === undefined || isStaff) return <Empty title={t("noRecord")}>{t("noRecordHint")}</Empty>;
  return (
    <>
      {patients.length > 1 && <NativeSelect mb="md" maw={420} label={t("whose")} value={patient.id} onChange={(event) => setId(event.currentTarget.value)} data={patients.map((one) => ({ value: one.id, label: `${plainName(one.name)}, ${day(one.birthDate)}` }))} />}
      <Guard key={patient.id}>
        <Suspense fallback={<Loading lines={8} />}>
          <Switch>
            {Object.entries(PAGES).map(([path, Page]) => <Route key={path} path={path}><Page patient={patient} /></Route>)}
            <Route><Empty title={t("noPage")} /></Route>
          </Switch>
        </Suspense>
      </Guard>
    </>
  );
}
