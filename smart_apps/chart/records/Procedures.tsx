import type { Procedure } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Records } from "./Records.tsx";

export default function Procedures({ patient }: { patient: string }) {
  const { t } = useTexts();
  return (
    <Records<Procedure>
      type="Procedure" parameters={{ patient, _sort: "-date", _count: 100 }} title={t("procedures")} empty={t("proceduresNone")} filter={(one) => one.status !== "entered-in-error"}
      columns={[
        { label: "procedure", cell: (one) => words(one.code) },
        { label: "when", cell: (one) => moment(one.performedDateTime ?? one.performedPeriod?.start) || t("notKnown") },
        { label: "statusColumn", cell: (one) => t(`status.${one.status}`) },
        { label: "bodySite", cell: (one) => one.bodySite?.map(words).join(", ") ?? "" },
        { label: "by", cell: (one) => one.performer?.map((who) => who.actor.display).filter(Boolean).join(", ") ?? "" },
        { label: "outcome", cell: (one) => [words(one.outcome), one.note?.map((note) => note.text).join("; "), one.complication?.map(words).join(", ")].filter(Boolean).join(" · ") },
      ]}
    />
  );
}
