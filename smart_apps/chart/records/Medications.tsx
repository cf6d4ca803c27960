import { Badge, Button, Switch } from "@mantine/core";
import type { MedicationRequest } from "fhir/r4";
import { useState } from "react";

import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { isNamed } from "./here.ts";
import { Records } from "./Records.tsx";

/** What is prescribed; orders are written in the app for prescriptions. */
export default function Medications({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { config } = useSmart();
  const [isAll, setAll] = useState(isNamed);
  const hasApp = config.apps.some((app) => app.name === "prescriptions");
  return (
    <Records<MedicationRequest>
      type="MedicationRequest" parameters={{ patient, _sort: "-authoredon", _count: 100 }} title={t("medications")} empty={t("medicationsNone")}
      filter={(one) => isAll || ["active", "on-hold", "draft"].includes(one.status)}
      actions={<>
        <Switch label={t("withPast")} checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} />
        {hasApp && <Button component="a" href={`/apps/prescriptions/patients/${patient}`}>{t("prescribe")}</Button>}
      </>}
      columns={[
        { label: "medicine", cell: (one) => words(one.medicationCodeableConcept) || (one.medicationReference?.display ?? "") },
        { label: "dosage", cell: (one) => one.dosageInstruction?.map((dose) => [dose.text, dose.asNeededBoolean === true && !/as needed|when needed|bei bedarf/i.test(dose.text ?? "") ? t("asNeeded") : ""].filter(Boolean).join(" · ")).join("; ") ?? "" },
        { label: "statusColumn", cell: (one) => (one.status === "active" ? t("status.active") : <Badge size="sm" variant="light" color="yellow" tt="none">{t(`status.${one.status}`)}</Badge>) },
        { label: "reason", cell: (one) => one.reasonCode?.map(words).join(", ") ?? "" },
        { label: "orderedBy", cell: (one) => [one.requester?.display, day(one.authoredOn)].filter(Boolean).join(", ") },
      ]}
    />
  );
}
