import { Badge, Button, Card, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { AuditEvent, Bundle, Patient } from "fhir/r4";
import { useState } from "react";

import { looksOf, type Look } from "../../shared/audit/looks.ts";
import { linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { moment, time } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";

const NAMED = new Set(["Observation", "Condition", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "MedicationAdministration", "Immunization", "DiagnosticReport", "DocumentReference", "Encounter", "Appointment", "Procedure", "ImagingStudy", "Communication", "Consent", "Task", "CarePlan"]);
const ROLES = new Set(["doctor", "nurse", "labtech", "radiologist", "pharmacist", "reception", "admin", "auditor", "integrator", "patient", "system"]);

/** Who has seen or changed the record, in words, the newest first. */
export default function Seen({ patient }: { patient: Stored<Patient> }) {
  const { t } = useTexts();
  const { fhir, key, session } = useSmart();
  const [withOwn, setOwn] = useState(false);
  const query = useInfiniteQuery({
    queryKey: key(["AuditEvent"], "disclosures", patient.id),
    queryFn: ({ pageParam }) => fhir.page<AuditEvent>(pageParam),
    initialPageParam: `Patient/${patient.id}/$disclosures?_count=100`,
    getNextPageParam: (page: Bundle<AuditEvent>) => linkOf(page, "next"),
  });
  const looks = looksOf((query.data?.pages ?? []).flatMap((page) => resourcesOf<AuditEvent>(page, "AuditEvent")));
  const shown = looks.filter((look) => withOwn || look.reference !== session.grant.fhirUser);
  return (
    <Stack maw={720} mx="auto" gap="md">
      <Title order={1}>{t("seen")}</Title>
      <Text>{t("seenText")}</Text>
      <Switch label={t("withOwn")} checked={withOwn} onChange={(event) => setOwn(event.currentTarget.checked)} />
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={8} />}
      {query.isSuccess && shown.length === 0 && <Empty title={query.hasNextPage ? t("onlyOwnSoFar") : t("nobody")} />}
      {shown.length > 0 && (
        <Stack gap="xs" component="ul" aria-label={t("seen")} style={{ listStyle: "none", margin: 0, padding: 0 }}>
          {shown.map((look) => <li key={look.id}><One look={look} /></li>)}
        </Stack>
      )}
      {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
    </Stack>
  );
}

function One({ look }: { look: Look }) {
  const { t } = useTexts();
  const what = [...new Set(look.types.map((type) => t(`type.${NAMED.has(type) ? type : "other"}`)))];
  const isShort = moment(look.first) === moment(look.last);
  return (
    <Card padding="sm">
      <Group gap="xs">
        <Text fw={600}>{look.isAutomatic ? t("automatic") : look.who || t("unknownPerson")}</Text>
        {ROLES.has(look.role) && <Text>{t(`role.${look.role}`)}</Text>}
        {look.isEmergency && <Badge color="yellow" variant="light">{t("emergency")}</Badge>}
      </Group>
      <Text size="sm">{moment(look.first)}{!isShort && `–${moment(look.first).slice(0, 11) === moment(look.last).slice(0, 11) ? time(look.last) : moment(look.last)}`}</Text>
      <Text size="sm">{t(look.isChange ? "changed" : "looked")} {what.length === 0 ? t("yourEntry") : what.join(", ")}</Text>
    </Card>
  );
}
