import { Badge, Button, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ServiceRequest } from "fhir/r4";
import { useState } from "react";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Confirm } from "../records/Confirm.tsx";
import { Records } from "../records/Records.tsx";
import { useSave } from "../records/useSave.tsx";
import { Basket } from "./Basket.tsx";
import { accessionOf } from "./catalogue.ts";

/** Orders for the laboratory, imaging and the like. */
export default function Orders({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [isNew, setNew] = useState(false);
  const [ended, setEnded] = useState<ServiceRequest>();
  const { save, conflict, isSaving } = useSave<ServiceRequest>("ServiceRequest", (theirs, mine) => [{ field: words(theirs.code), theirs: t(`status.${theirs.status}`), mine: t(`status.${mine.status}`) }]);
  return (
    <>
      {isNew && <Basket patient={patient} onClose={() => setNew(false)} />}
      <Records<ServiceRequest>
        type="ServiceRequest" parameters={{ patient, _sort: "-authored", _count: 50 }} title={t("orders")} empty={t("ordersNone")} filter={(one) => one.status !== "entered-in-error"}
        actions={session.allows("ServiceRequest", "c") && !isNew && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setNew(true)}>{t("orderNew")}</Button>}
        columns={[
          { label: "order", cell: (one) => <>{words(one.code)}{accessionOf(one) !== undefined && <Text size="sm" c="dimmed">{t("accession", { number: accessionOf(one) ?? "" })}</Text>}</> },
          { label: "statusColumn", cell: (one) => <>{t(`status.${one.status}`)} {one.priority !== undefined && one.priority !== "routine" && <Badge size="sm" variant="light" color={colourOf(one)} tt="none">{t(`priority.${one.priority}`)}</Badge>}</> },
          { label: "kindColumn", cell: (one) => one.category?.map(words).join(", ") ?? "" },
          { label: "reason", cell: (one) => one.reasonCode?.map(words).join(", ") ?? "" },
          { label: "when", cell: (one) => moment(one.authoredOn) },
          { label: "orderedBy", cell: (one) => one.requester?.display ?? "" },
          { label: "orderedFrom", cell: (one) => one.performer?.map((who) => who.display ?? "").filter(Boolean).join(", ") ?? "" },
          { label: "actions", cell: (one) => session.allows("ServiceRequest", "u") && ["active", "on-hold", "draft"].includes(one.status) && <Button size="compact-sm" variant="subtle" color="red" aria-label={t("revokeOf", { what: words(one.code) })} onClick={() => setEnded(one)}>{t("revoke")}</Button> },
        ]}
      />
      {ended !== undefined && (
        <Confirm patient={patient} title={t("revoke")} action={t("revoke")} isBusy={isSaving} onNo={() => setEnded(undefined)} onYes={() => save({ ...ended, status: "revoked" }, t("saved"), () => setEnded(undefined))}>
          {t("revokeText", { what: words(ended.code) })}
        </Confirm>
      )}
      {conflict}
    </>
  );
}

/** How urgent an order was is no warning once it is done. */
function colourOf({ status, priority }: ServiceRequest): string {
  if (!["active", "on-hold", "draft"].includes(status)) return "gray";
  return priority === "stat" ? "red" : "yellow";
}
