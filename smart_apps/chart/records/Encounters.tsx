import type { Encounter } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { placeOf } from "../lists/ward.ts";
import { Records } from "./Records.tsx";

export default function Encounters({ patient }: { patient: string }) {
  const { t } = useTexts();
  return (
    <Records<Encounter>
      type="Encounter" parameters={{ patient, _sort: "-date", _count: 50 }} title={t("encounters")} empty={t("encountersNone")} filter={(one) => one.status !== "entered-in-error"}
      columns={[
        { label: "encounter", cell: (one) => words(one.type?.[0]) || (one.class.display ?? one.class.code ?? "") },
        { label: "statusColumn", cell: (one) => t(`status.${one.status}`) },
        { label: "since", cell: (one) => moment(one.period?.start) || t("notKnown") },
        { label: "until", cell: (one) => moment(one.period?.end) },
        { label: "place", cell: (one) => placeOf(one) || (one.location?.at(-1)?.location.display ?? one.serviceProvider?.display ?? "") },
        { label: "reason", cell: (one) => one.reasonCode?.map(words).join(", ") ?? "" },
        { label: "by", cell: (one) => [...new Set(one.participant?.map((who) => who.individual?.display).filter(Boolean))].join(", ") },
      ]}
    />
  );
}
