import { Badge, Button, Menu, Switch } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Condition } from "fhir/r4";
import { useState } from "react";

import { codeIn, words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Confirm } from "./Confirm.tsx";
import { ProblemForm } from "./ProblemForm.tsx";
import { CLINICAL, VERIFIED } from "./conditions.ts";
import { isNamed } from "./here.ts";
import { Records } from "./Records.tsx";
import { useSave } from "./useSave.tsx";


/** Problems: those that are there, and those that were. */
export default function Problems({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [isAll, setAll] = useState(isNamed);
  const [isNew, setNew] = useState(false);
  const [asked, setAsked] = useState<{ what: "resolved" | "error"; of: Condition }>();
  const { save, conflict, isSaving } = useSave<Condition>("Condition", (theirs, mine) => [
    { field: t("problem"), theirs: words(theirs.code), mine: words(mine.code) },
    { field: t("statusColumn"), theirs: words(theirs.clinicalStatus) || words(theirs.verificationStatus), mine: words(mine.clinicalStatus) || words(mine.verificationStatus) },
  ]);
  const change = ({ what, of }: { what: "resolved" | "error"; of: Condition }) => {
    const next: Condition = what === "resolved"
      ? { ...of, clinicalStatus: { coding: [{ system: CLINICAL, code: "resolved", display: "Resolved" }] }, ...(of.abatementDateTime === undefined ? { abatementDateTime: new Date().toISOString().slice(0, 10) } : {}) }
      : { ...of, clinicalStatus: undefined, verificationStatus: { coding: [{ system: VERIFIED, code: "entered-in-error", display: "Entered in Error" }] } };
    save(next, t("saved"), () => setAsked(undefined));
  };
  const isActive = (one: Condition) => ["active", "recurrence", "relapse"].includes(codeIn(one.clinicalStatus, CLINICAL) ?? "");
  return (
    <>
      <Records<Condition>
        type="Condition" parameters={{ patient, _sort: "-recorded-date", _count: 100 }} title={t("problems")} empty={t("problemsNone")}
        filter={(one) => codeIn(one.verificationStatus, VERIFIED) !== "entered-in-error" && (isAll || isActive(one))}
        actions={<>
          <Switch label={t("withPast")} checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} />
          {session.allows("Condition", "c") && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setNew(true)}>{t("problemAdd")}</Button>}
        </>}
        columns={[
          { label: "problem", cell: (one) => words(one.code) },
          { label: "statusColumn", cell: (one) => <>{words(one.clinicalStatus)} {codeIn(one.verificationStatus, VERIFIED) !== "confirmed" && <Badge size="sm" variant="light" color="yellow" tt="none">{words(one.verificationStatus) || t("unconfirmed")}</Badge>}</> },
          { label: "kindColumn", cell: (one) => one.category?.map(words).join(", ") ?? "" },
          { label: "since", cell: (one) => day(one.onsetDateTime ?? one.onsetPeriod?.start) || t("notKnown") },
          { label: "until", cell: (one) => day(one.abatementDateTime) },
          { label: "recordedBy", cell: (one) => [one.recorder?.display, day(one.recordedDate)].filter(Boolean).join(", ") },
          { label: "actions", cell: (one) => session.allows("Condition", "u") && isActive(one) && (
            <Menu position="bottom-end">
              <Menu.Target><Button size="compact-sm" variant="subtle" aria-label={t("changeOf", { what: words(one.code) })}>{t("change")}</Button></Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setAsked({ what: "resolved", of: one })}>{t("markResolved")}</Menu.Item>
                <Menu.Item color="red" onClick={() => setAsked({ what: "error", of: one })}>{t("markError")}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          ) },
        ]}
      />
      {isNew && <ProblemForm patient={patient} onClose={() => setNew(false)} />}
      {asked !== undefined && (
        <Confirm patient={patient} title={t(asked.what === "resolved" ? "markResolved" : "markError")} action={t("confirm")} isBusy={isSaving} onNo={() => setAsked(undefined)} onYes={() => change(asked)}>
          {t(asked.what === "resolved" ? "markResolvedText" : "markErrorText", { what: words(asked.of.code) })}
        </Confirm>
      )}
      {conflict}
    </>
  );
}
