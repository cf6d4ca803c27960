import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Immunization } from "fhir/r4";
import { Suspense, useState } from "react";

import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { quantity } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useRole } from "../../shared/frame/useMyApps.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Records } from "./Records.tsx";

const ImmunizationForm = part(() => import("./ImmunizationForm.tsx"));

/** Vaccines that were given; doctors add those that they give, or read in a record of elsewhere. */
export default function Immunizations({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const mayAdd = useRole("doctor") && session.allows("Immunization", "c");
  const [isNew, setNew] = useState(false);
  return (
    <>
    <Records<Immunization>
      type="Immunization" parameters={{ patient, _sort: "-date", _count: 100 }} title={t("immunizations")} empty={t("immunizationsNone")} filter={(one) => one.status !== "entered-in-error"}
      actions={mayAdd && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setNew(true)}>{t("immunizationAdd")}</Button>}
      columns={[
        { label: "vaccine", cell: (one) => words(one.vaccineCode) },
        { label: "when", cell: (one) => day(one.occurrenceDateTime) || (one.occurrenceString ?? t("notKnown")) },
        { label: "statusColumn", cell: (one) => (one.status === "not-done" ? `${t("status.not-done")} ${words(one.statusReason)}` : t("status.completed")) },
        { label: "dose", cell: (one) => [quantity(one.doseQuantity), one.protocolApplied?.map((of) => of.doseNumberPositiveInt ?? of.doseNumberString).join(", ")].filter(Boolean).join(" · ") },
        { label: "bodySite", cell: (one) => words(one.site) },
        { label: "lot", cell: (one) => one.lotNumber ?? "" },
        { label: "by", cell: (one) => one.performer?.map((who) => who.actor.display).filter(Boolean).join(", ") ?? "" },
      ]}
    />
    {isNew && <Suspense><ImmunizationForm patient={patient} onClose={() => setNew(false)} /></Suspense>}
    </>
  );
}
