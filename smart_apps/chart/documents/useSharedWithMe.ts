import type { Bundle, CareTeam, Consent, DocumentReference, PractitionerRole } from "fhir/r4";

import { answerOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useBatch, useSearch } from "../../shared/fhir/queries.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { isBy, sharedIn, SHARES, stateOf } from "./sharing.ts";

const MOST = 200;

/** A document that somebody shared, as the receiver has it: whose it is, who shared it, until when. */
export interface Received {
  document: Stored<DocumentReference>;
  consent: Stored<Consent>;
}

/** What others share with who has signed in: by name, by post, or with a team of theirs. */
export function useSharedWithMe() {
  const { session } = useSmart();
  const me = session.grant.fhirUser;
  const mine = useBatch(me?.startsWith("Practitioner/") !== true ? undefined : [
    `PractitionerRole?practitioner=${me}&_count=${MOST}&_elements=id`,
    `CareTeam?participant=${me}&status=active&_count=${MOST}&_elements=id`,
  ], ["PractitionerRole", "CareTeam"]);
  const posts = resourcesOf<PractitionerRole>(answerOf<Bundle>(mine.data, 0), "PractitionerRole").map((one) => `PractitionerRole/${one.id ?? ""}`);
  const teams = resourcesOf<CareTeam>(answerOf<Bundle>(mine.data, 1), "CareTeam").map((one) => `CareTeam/${one.id ?? ""}`);
  // The files themselves aren't needed for a list.
  const query = useSearch<Consent | DocumentReference>("Consent", me === undefined || mine.data === undefined ? undefined : {
    category: SHARES, status: "active", actor: [me, ...posts, ...teams].join(","), _include: "Consent:data:DocumentReference", _sort: "-date", _count: MOST,
  }, { about: ["DocumentReference"] });
  const documents = new Map(resourcesOf<Stored<DocumentReference>>(query.data, "DocumentReference").map((one) => [one.id, one]));
  const received = new Map<string, Received>();
  for (const consent of resourcesOf<Stored<Consent>>(query.data, "Consent")) {
    if (stateOf(consent) !== "inForce" || isBy(consent, me)) continue;
    for (const id of sharedIn(consent)) {
      const document = documents.get(id);
      const before = received.get(id);
      // Shared twice, it is seen as long as the longer of the two.
      if (document !== undefined && (before === undefined || (before.consent.provision?.period?.end ?? "") < (consent.provision?.period?.end ?? ""))) received.set(id, { document, consent });
    }
  }
  return { query, failure: mine.error ?? query.error, isPending: mine.isPending || query.isPending, received: [...received.values()] };
}
