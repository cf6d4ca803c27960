import { Button, Card, List, Stack, Text, Title } from "@mantine/core";
import type { AllergyIntolerance, Condition, FhirResource, Immunization, MedicationRequest, Observation, Patient } from "fhir/r4";
import type { ReactNode } from "react";

import type { Parameters, Stored } from "../../shared/fhir/client.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { hasCode, words } from "../../shared/format/codes.ts";
import { day, moment } from "../../shared/format/dates.ts";
import { valueText } from "../../shared/format/Value.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";

/** Problems, medicines, allergies, vaccinations and measurements, as the hospital has them. */
export default function Health({ patient: { id: patient } }: { patient: Stored<Patient> }) {
  const { t } = useTexts();
  const isRight = (one: Condition | AllergyIntolerance) => !hasCode(one.verificationStatus, "entered-in-error") && !hasCode(one.verificationStatus, "refuted");
  return (
    <Stack maw={720} mx="auto" gap="lg">
      <div><Title order={1}>{t("health")}</Title><Text>{t("healthText")}</Text></div>
      <Part<AllergyIntolerance> type="AllergyIntolerance" parameters={{ patient }} title={t("allergies")} filter={isRight}
        line={(one) => [words(one.code), one.reaction?.flatMap((reaction) => reaction.manifestation.map(words)).join(", ")].filter(Boolean).join(": ")} />
      <Part<MedicationRequest> type="MedicationRequest" parameters={{ patient, status: "active,on-hold", _sort: "-authoredon" }} title={t("medicines")}
        line={(one) => <>{words(one.medicationCodeableConcept) || one.medicationReference?.display}{one.status === "on-hold" && ` (${t("paused")})`}<br /><Text span size="sm" c="dimmed">{[one.dosageInstruction?.map((dose) => dose.text).filter(Boolean).join("; "), one.requester?.display, day(one.authoredOn)].filter(Boolean).join(" · ")}</Text></>} />
      <Part<Condition> type="Condition" parameters={{ patient, "clinical-status": "active,recurrence,relapse", _sort: "-recorded-date" }} title={t("problems")} filter={isRight}
        line={(one) => [words(one.code), one.onsetDateTime === undefined ? "" : t("since", { at: day(one.onsetDateTime) })].filter(Boolean).join(", ")} />
      <Part<Immunization> type="Immunization" parameters={{ patient, status: "completed", _sort: "-date" }} title={t("vaccinations")}
        line={(one) => [words(one.vaccineCode), day(one.occurrenceDateTime) || one.occurrenceString].filter(Boolean).join(", ")} />
      <Part<Observation> type="Observation" parameters={{ patient, category: "vital-signs", _sort: "-date" }} title={t("measurements")} filter={(one) => one.status !== "entered-in-error" && one.status !== "cancelled"}
        line={(one) => <>{words(one.code)}: {one.component === undefined ? valueText(one) : one.component.map((part) => `${words(part.code)} ${valueText(part)}`).join(", ")} <Text span size="sm" c="dimmed">{moment(one.effectiveDateTime)}</Text></>} />
    </Stack>
  );
}

function Part<T extends FhirResource>({ type, parameters, title, line, filter = () => true }: {
  type: T["resourceType"]; parameters: Parameters; title: string; line: (one: T) => ReactNode; filter?: (one: T) => boolean;
}) {
  const { t } = useTexts();
  const { query, all } = usePages<T>(type, { ...parameters, _count: 20 });
  const shown = all.filter(filter);
  return (
    <Card component="section" aria-label={title}>
      <Title order={2} mb="xs">{title}</Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.isSuccess && shown.length === 0 && !query.hasNextPage && <Text>{t("nothingWritten")}</Text>}
      {shown.length > 0 && <List spacing={6}>{shown.map((one) => <List.Item key={one.id}>{line(one)}</List.Item>)}</List>}
      {query.hasNextPage && <Button mt="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("more")}</Button>}
    </Card>
  );
}
