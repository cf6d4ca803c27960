import type { Appointment } from "fhir/r4";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { failed } from "../../shared/forms/saving.ts";
import { text } from "../../shared/i18n/i18n.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import type { Status } from "./appointments.ts";
import { undoable } from "./undoable.tsx";

const ABOUT = ["Appointment", "Slot"];

/** Sets a status by one click; for ten seconds it can be taken back. */
export function useStatus(nameOf: (appointment: Appointment) => string) {
  const reason = useReason();
  const change = useChange<{ appointment: Stored<Appointment>; to: Status }, Stored<Appointment>>(ABOUT, (fhir, { appointment, to }) =>
    fhir.patch<Appointment>("Appointment", appointment.id, [{ op: "replace", path: "/status", value: to }], appointment.meta?.versionId));
  const refused = (error: unknown) => failed(error instanceof FhirError && error.isConflict ? text("changedMeanwhile") : reason(error));
  const set = (appointment: Stored<Appointment>, to: Status) => {
    change.mutate({ appointment, to }, {
      onSuccess: (made) => undoable(text("statusSet", { name: nameOf(appointment), status: text(`status.${to}`) }), () => {
        change.mutate({ appointment: made, to: appointment.status }, { onError: refused });
      }),
      onError: refused,
    });
  };
  return { set, isBusy: change.isPending };
}
