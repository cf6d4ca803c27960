import type { Immunization } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { quantity } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Records } from "./Records.tsx";

export default function Immunizations({ patient }: { patient: string }) {
  const { t } = useTexts();
  return (
    <Records<Immunization>
      type="Immunization" parameters={{ patient, _sort: "-date", _count: 100 }} title={t("immunizations")} empty={t("immunizationsNone")} filter={(one) => one.status !== "entered-in-error"}
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
  );
}
