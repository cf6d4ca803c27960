import type { FhirResource } from "fhir/r4";
import { useState } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { failed, told } from "../../shared/forms/saving.ts";
import { SignedOut } from "../../shared/smart/session.ts";
import { useReason } from "../../shared/states/Failed.tsx";

/** Creates a resource with an identifier of `system` and `id`: however often it is sent, there is one. */
export function useCreate<T extends FhirResource>(type: T["resourceType"], system: string) {
  const reason = useReason();
  const [id] = useState(() => crypto.randomUUID());
  const change = useChange<T, Stored<T>>([type], (fhir, resource) => fhir.create<T>(resource, `identifier=${system}|${id}`));
  const create = (resource: T, done: string, then?: (made: Stored<T>) => void): void => {
    if (change.isPending) return;
    change.mutate(resource, {
      onSuccess: (made) => {
        told(done);
        then?.(made);
      },
      onError: (error) => {
        if (!(error instanceof SignedOut)) failed(reason(error));
      },
    });
  };
  return { create, isSaving: change.isPending, id };
}
