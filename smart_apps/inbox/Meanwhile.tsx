import { Loader } from "@mantine/core";
import type { Practitioner, Task } from "fhir/r4";

import { idIn } from "../shared/fhir/bundle.ts";
import { useRead } from "../shared/fhir/queries.ts";
import { plainName } from "../shared/format/people.ts";
import { Conflict } from "../shared/forms/Conflict.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { stateOf, type Alert } from "./alerts.ts";

/** Somebody was faster: who has it now, and whether to answer all the same. */
export function Meanwhile({ alert, onKeep, onClose }: { alert: Alert; onKeep: (current: Task) => void; onClose: () => void }) {
  const { t } = useTexts();
  const current = useRead<Task>("Task", alert.id);
  const owner = useRead<Practitioner>("Practitioner", idIn(current.data?.owner?.reference, "Practitioner"));
  if (current.data === undefined || current.data.meta?.versionId === alert.task.meta?.versionId) return <Loader size="sm" />;
  const now = current.data;
  return (
    <Conflict
      differences={[
        { field: t("stateNow"), theirs: t(`state.${stateOf(now)}`), mine: t(`state.${alert.state}`) },
        { field: t("hasIt"), theirs: plainName(owner.data?.name), mine: alert.ownerName },
      ]}
      onTake={onClose} onKeep={() => onKeep(now)} onClose={onClose}
    />
  );
}
