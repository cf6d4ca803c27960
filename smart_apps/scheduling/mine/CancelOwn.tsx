import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { Appointment } from "fhir/r4";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { dayOf, timeOf } from "../../shared/format/zone.ts";
import { told } from "../../shared/forms/saving.ts";
import { day } from "../../shared/format/dates.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { REASONS } from "../model/appointments.ts";
import { cancel } from "../model/asking.ts";

/** Asks once more, as the time goes to somebody else. */
export default function CancelOwn({ appointment, onClose }: { appointment: Stored<Appointment>; onClose: () => void }) {
  const { t } = useTexts();
  const { shown } = useZone();
  const at = shown(appointment.start);
  const when = `${day(dayOf(at))} ${timeOf(at)}`;
  const change = useChange<undefined, unknown>(["Appointment", "Slot"], (fhir) => cancel(fhir, appointment, { reason: { coding: [{ system: REASONS, code: "pat" }], text: t("cancelReason.pat") } }));
  return (
    <Modal opened onClose={onClose} title={t("cancelTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{t("cancelOwnText", { at: when })}</Text>
        {change.isError && <Failed title={t("notSaved")} error={change.error instanceof FhirError && change.error.isConflict ? new Error(t("changedMeanwhile")) : change.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("keepIt")}</Button>
          <Button color="red" loading={change.isPending} onClick={() => change.mutate(undefined, { onSuccess: () => { told(t("cancelledOwn", { at: when })); onClose(); } })}>{t("cancelOwn")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
