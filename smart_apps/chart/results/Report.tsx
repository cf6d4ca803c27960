import { Anchor, Button, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { Bundle, DiagnosticReport, Observation } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { hasCode, words } from "../../shared/format/codes.ts";
import { moment } from "../../shared/format/dates.ts";
import { isInError, withdrawn } from "../../shared/format/inError.ts";
import { InError } from "../../shared/format/InError.tsx";
import { normalRange, range } from "../../shared/format/quantities.ts";
import { MarkInError } from "../../shared/forms/MarkInError.tsx";
import { useRole } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { AttachmentView } from "../documents/AttachmentView.tsx";
import { Value } from "../../shared/format/Value.tsx";
import { useSave } from "../records/useSave.tsx";

/** A report: what it concludes, its results and its documents. */
export default function Report({ patient, report }: { patient: string; report: string }) {
  const { t } = useTexts();
  const query = useSearch<DiagnosticReport>("DiagnosticReport", { _id: report, patient, _include: "DiagnosticReport:result" }, { about: ["Observation"] });
  return (
    <Stack gap="sm" maw={960}>
      <Anchor component={Link} href={`/patients/${patient}/results`} size="sm" className="fs-noprint">{t("backTo", { where: t("results") })}</Anchor>
      <Loaded query={query} lines={8}>
        {(bundle: Bundle) => {
          const one = resourcesOf<DiagnosticReport>(bundle, "DiagnosticReport")[0];
          if (one === undefined) return <Empty title={t("failedGone")} />;
          const results = resourcesOf<Observation>(bundle, "Observation");
          return (
            <>
              <InError of={one}>
                <Stack gap="sm">
                  <Title order={2}>{words(one.code)}</Title>
                  <Group gap="lg">
                    <Text size="sm"><strong>{t(`status.${one.status}`)}</strong></Text>
                    <Text size="sm">{t("taken")} {moment(one.effectiveDateTime ?? one.effectivePeriod?.start) || t("notKnown")}</Text>
                    <Text size="sm">{t("reported")} {moment(one.issued) || t("notYet")}</Text>
                    <Text size="sm">{[...(one.resultsInterpreter ?? []), ...(one.performer ?? [])].map((who) => who.display).filter(Boolean).join(", ")}</Text>
                  </Group>
                  {one.conclusion !== undefined && <Card><Text style={{ whiteSpace: "pre-wrap" }}>{one.conclusion}</Text></Card>}
                  {results.length > 0 && (
                    <Table className="fs-cards" aria-label={t("results")}>
                      <Table.Thead><Table.Tr><Table.Th scope="col">{t("test")}</Table.Th><Table.Th scope="col">{t("value")}</Table.Th><Table.Th scope="col">{t("range")}</Table.Th></Table.Tr></Table.Thead>
                      <Table.Tbody>
                        {results.map((result) => (
                          <Table.Tr key={result.id}>
                            <Table.Th scope="row" fw={400}>{words(result.code)}</Table.Th>
                            <Table.Td data-label={t("value")}>{result.component === undefined ? <Value of={result} /> : result.component.map((part, n) => <div key={n}>{words(part.code)} <Value of={part} /></div>)}</Table.Td>
                            <Table.Td data-label={t("range")}>{range(normalRange(result)) || t("noRange")}</Table.Td>
                          </Table.Tr>
                        ))}
                      </Table.Tbody>
                    </Table>
                  )}
                  {one.presentedForm?.map((form, n) => (
                    <div key={n}>
                      {form.title !== undefined && <Text size="sm" fw={600} mb={4}>{[form.title, moment(form.creation)].filter(Boolean).join(" · ")}</Text>}
                      <AttachmentView attachment={form} name={form.title ?? words(one.code)} />
                    </div>
                  ))}
                </Stack>
              </InError>
              <Withdraw patient={patient} report={one} />
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}

/** Who has signed a report, or whose laboratory it is from, can say that it is an error. */
function Withdraw({ patient, report }: { patient: string; report: DiagnosticReport }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const isLaboratory = useRole("labtech");
  const [isAsked, setAsked] = useState(false);
  const { save, conflict, isSaving } = useSave<DiagnosticReport>("DiagnosticReport", (theirs, mine) => [{ field: t("statusColumn"), theirs: t(`status.${theirs.status}`), mine: t(`status.${mine.status}`) }]);
  const isMine = report.resultsInterpreter?.some((who) => who.reference === session.grant.fhirUser) === true;
  const isOfLaboratory = isLaboratory && report.category?.some((category) => hasCode(category, "LAB")) === true;
  if (!session.allows("DiagnosticReport", "u") || isInError(report) || !(isMine || isOfLaboratory)) return conflict;
  return (
    <Group className="fs-noprint">
      <Button size="compact-sm" variant="subtle" color="red" onClick={() => setAsked(true)}>{t("inError.mark")}</Button>
      {isAsked && <MarkInError patient={patient} what={words(report.code)} isBusy={isSaving} onNo={() => setAsked(false)} onYes={(said) => save(withdrawn(report, said), t("inError.done"), () => setAsked(false))} />}
      {conflict}
    </Group>
  );
}
