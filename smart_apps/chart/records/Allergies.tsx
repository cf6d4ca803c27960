import { Badge, Button, Menu, Switch, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { AllergyIntolerance } from "fhir/r4";
import { useState } from "react";

import { codeIn, words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { AllergyForm } from "./AllergyForm.tsx";
import { ALLERGY_CLINICAL, ALLERGY_VERIFIED } from "./allergy.ts";
import { Confirm } from "./Confirm.tsx";
import { isNamed } from "./here.ts";
import { Records } from "./Records.tsx";
import { useSave } from "./useSave.tsx";

type What = "inactive" | "error";

/** Allergies and intolerances, with what they do and how dangerous they are. */
export default function Allergies({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [isAll, setAll] = useState(isNamed);
  const [isNew, setNew] = useState(false);
  const [asked, setAsked] = useState<{ what: What; of: AllergyIntolerance }>();
  const { save, conflict, isSaving } = useSave<AllergyIntolerance>("AllergyIntolerance", (theirs, mine) => [
    { field: t("substance"), theirs: words(theirs.code), mine: words(mine.code) },
    { field: t("statusColumn"), theirs: `${words(theirs.clinicalStatus)} ${words(theirs.verificationStatus)}`, mine: `${words(mine.clinicalStatus)} ${words(mine.verificationStatus)}` },
  ]);
  const change = ({ what, of }: { what: What; of: AllergyIntolerance }) => {
    const next: AllergyIntolerance = what === "inactive"
      ? { ...of, clinicalStatus: { coding: [{ system: ALLERGY_CLINICAL, code: "inactive", display: "Inactive" }] } }
      : { ...of, clinicalStatus: undefined, verificationStatus: { coding: [{ system: ALLERGY_VERIFIED, code: "entered-in-error", display: "Entered in Error" }] } };
    save(next, t("saved"), () => setAsked(undefined));
  };
  const isActive = (one: AllergyIntolerance) => (codeIn(one.clinicalStatus, ALLERGY_CLINICAL) ?? "active") === "active" && !["refuted", "entered-in-error"].includes(codeIn(one.verificationStatus, ALLERGY_VERIFIED) ?? "");
  return (
    <>
      <Records<AllergyIntolerance>
        type="AllergyIntolerance" parameters={{ patient, _sort: "-date", _count: 100 }} title={t("allergyList")} empty={t("allergiesUnrecorded")}
        filter={(one) => isAll || isActive(one)}
        actions={<>
          <Switch label={t("withPast")} checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} />
          {session.allows("AllergyIntolerance", "c") && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setNew(true)}>{t("allergyAdd")}</Button>}
        </>}
        columns={[
          { label: "substance", cell: (one) => words(one.code) },
          { label: "danger", cell: (one) => (one.criticality === undefined ? t("notKnown") : one.criticality === "high" ? <Text span fw={700} c="var(--fs-critical)">{t("criticality.high")}</Text> : t(`criticality.${one.criticality}`)) },
          { label: "reactions", cell: (one) => one.reaction?.map((reaction) => [reaction.manifestation.map(words).join(", "), reaction.severity === undefined ? "" : t(`reaction.${reaction.severity}`)].filter(Boolean).join(" · ")).join("; ") ?? t("notKnown") },
          { label: "statusColumn", cell: (one) => <>{words(one.clinicalStatus)} {codeIn(one.verificationStatus, ALLERGY_VERIFIED) !== "confirmed" && <Badge size="sm" variant="light" color="yellow" tt="none">{words(one.verificationStatus) || t("unconfirmed")}</Badge>}</> },
          { label: "recordedBy", cell: (one) => [one.recorder?.display, day(one.recordedDate)].filter(Boolean).join(", ") },
          { label: "actions", cell: (one) => session.allows("AllergyIntolerance", "u") && isActive(one) && (
            <Menu position="bottom-end">
              <Menu.Target><Button size="compact-sm" variant="subtle" aria-label={t("changeOf", { what: words(one.code) })}>{t("change")}</Button></Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setAsked({ what: "inactive", of: one })}>{t("markInactive")}</Menu.Item>
                <Menu.Item color="red" onClick={() => setAsked({ what: "error", of: one })}>{t("markError")}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          ) },
        ]}
      />
      {isNew && <AllergyForm patient={patient} onClose={() => setNew(false)} />}
      {asked !== undefined && (
        <Confirm patient={patient} title={t(asked.what === "inactive" ? "markInactive" : "markError")} action={t("confirm")} isBusy={isSaving} onNo={() => setAsked(undefined)} onYes={() => change(asked)}>
          {t(asked.what === "inactive" ? "markInactiveText" : "markErrorText", { what: words(asked.of.code) })}
        </Confirm>
      )}
      {conflict}
    </>
  );
}
