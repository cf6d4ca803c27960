import type { DiagnosticReport } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { failed, told } from "../../shared/forms/saving.ts";
import { SignedOut } from "../../shared/smart/session.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import { ENTRY } from "./report.ts";

/**
 * Stores a report: a new one once however often it is sent, an edited one if nobody was faster.
 *
 * `isOutdated` says that somebody was: what is stored then is read again, and saving once more takes its place.
 */
export function useSaveReport() {
  const reason = useReason();
  const [isOutdated, setOutdated] = useState(false);
  const change = useChange<DiagnosticReport, Stored<DiagnosticReport>>(["DiagnosticReport"], (fhir, report) =>
    report.id === undefined ? fhir.create(report, `identifier=${ENTRY}|${report.identifier?.[0]?.value ?? ""}`) : fhir.update(report));
  const save = (report: DiagnosticReport, done: string, then: () => void): void => {
    if (change.isPending) return;
    change.mutate(report, {
      onSuccess: () => {
        told(done);
        then();
      },
      onError: (error) => {
        if (error instanceof FhirError && error.isConflict) setOutdated(true);
        else if (!(error instanceof SignedOut)) failed(reason(error));
      },
    });
  };
  return { save, isSaving: change.isPending, isOutdated };
}
