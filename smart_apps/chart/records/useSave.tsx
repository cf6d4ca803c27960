import type { FhirResource } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Fhir, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { Conflict, type Difference } from "../../shared/forms/Conflict.tsx";
import { failed, told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { SignedOut } from "../../shared/smart/session.ts";
import { useReason } from "../../shared/states/Failed.tsx";

/**
 * Saves an edit of what was read: when somebody else was faster, `conflict` shows both.
 *
 * `differences` says field by field what is stored now and what was entered.
 */
export function useSave<T extends FhirResource & { id?: string }>(type: T["resourceType"], differences: (theirs: T, mine: T) => Difference[]) {
  const { t } = useTexts();
  const { fhir } = useSmart();
  const reason = useReason();
  const [clash, setClash] = useState<{ theirs: Stored<T>; mine: T; done: string; then?: () => void }>();
  const change = useChange<T, Stored<T>>([type], (client: Fhir, resource) => client.update<T>(resource));

  const save = (mine: T, done: string, then?: () => void): void => {
    change.mutate(mine, {
      onSuccess: () => {
        told(done);
        then?.();
      },
      onError: (error) => {
        if (error instanceof SignedOut) return;
        if (error instanceof FhirError && error.isConflict) {
          void fhir.read<T>(type, mine.id ?? "").then((theirs) => setClash({ theirs, mine, done, then }), (again: unknown) => failed(reason(again)));
        } else failed(reason(error));
      },
    });
  };
  const conflict = clash === undefined ? null : (
    <Conflict
      differences={differences(clash.theirs, clash.mine)}
      onClose={() => setClash(undefined)}
      onTake={() => {
        setClash(undefined);
        clash.then?.();
        told(t("tookTheirs"));
      }}
      onKeep={() => {
        setClash(undefined);
        save({ ...clash.mine, meta: clash.theirs.meta }, clash.done, clash.then);
      }}
    />
  );
  return { save, conflict, isSaving: change.isPending };
}
