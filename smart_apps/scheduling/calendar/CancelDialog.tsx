import { Button, Checkbox, Group, Modal, Radio, Select, Stack, Text } from "@mantine/core";
import type { Appointment } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { dayOf, timeOf } from "../../shared/format/zone.ts";
import { told } from "../../shared/forms/saving.ts";
import { day } from "../../shared/format/dates.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { isSeries, REASONS } from "../model/appointments.ts";
import { cancel, type Scope } from "../model/asking.ts";

/** Of http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason: what receptions choose from. */
const CODES = ["pat", "pat-crs", "pat-cpp", "pat-dec", "pat-fb", "pat-lt", "pat-mt", "prov", "maint", "meds-inc", "other", "oth-err", "oth-weath"];

/** Calls off an appointment, or those of its series, for a reason; says whose and when before. */
export default function CancelDialog({ appointment, name, isWaiting = false, onClose }: { appointment: Stored<Appointment>; name: string; isWaiting?: boolean; onClose: (isDone: boolean) => void }) {
  const { t } = useTexts();
  const { shown } = useZone();
  const [code, setCode] = useState<string | null>(null);
  const [scope, setScope] = useState<Scope>("this");
  const [keepWaiting, setKeepWaiting] = useState(false);
  const change = useChange<undefined, Stored<Appointment>[]>(["Appointment", "Slot"], (fhir) => cancel(fhir, appointment, {
    reason: code === null ? undefined : { coding: [{ system: REASONS, code }], text: t(`cancelReason.${code}`) },
    scope: isSeries(appointment) ? scope : undefined,
    keepWaiting: keepWaiting || undefined,
  }));
  const at = shown(appointment.start);
  return (
    <Modal opened onClose={() => onClose(false)} title={t(isWaiting ? "removeTitle" : "cancelTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{isWaiting ? t("removeText", { name }) : t("cancelText", { name, at: at === "" ? t("noTime") : `${day(dayOf(at))} ${timeOf(at)}` })}</Text>
        {isSeries(appointment) && (
          <Radio.Group label={t("ofSeries")} value={scope} onChange={(value) => setScope(value)}>
            <Stack gap="xs" mt="xs">
              {(["this", "following", "all"] as const).map((one) => <Radio key={one} value={one} label={t(`scope.${one}`)} />)}
            </Stack>
          </Radio.Group>
        )}
        <Select label={t("cancelWhy")} withAsterisk data={CODES.map((value) => ({ value, label: t(`cancelReason.${value}`) }))} value={code} onChange={setCode} searchable nothingFoundMessage={t("nothingFound")} />
        {scope === "this" && !isWaiting && <Checkbox label={t("keepWaiting")} checked={keepWaiting} onChange={(event) => setKeepWaiting(event.currentTarget.checked)} />}
        {change.isError && <Failed title={t("notSaved")} error={change.error instanceof FhirError && change.error.isConflict ? new Error(t("changedMeanwhile")) : change.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => onClose(false)}>{t("keepIt")}</Button>
          <Button
            color="red" loading={change.isPending} disabled={code === null}
            onClick={() => change.mutate(undefined, { onSuccess: (done) => { told(isWaiting ? t("removed", { name }) : t("cancelled", { name, n: done.length })); onClose(true); } })}
          >
            {t(isWaiting ? "removeOf" : "cancelAppointmentOf", { name })}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
