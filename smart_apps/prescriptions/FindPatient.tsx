import { Button, Stack, Text, Title } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import type { MedicationRequest, Patient } from "fhir/r4";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { useSearch } from "../shared/fhir/queries.ts";
import { openPalette } from "../shared/frame/PaletteHost.tsx";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { RequestList } from "./RequestList.tsx";
import { patientsIn } from "./Who.tsx";

/** Where a prescriber begins: a patient, or what they have prescribed last. */
export function FindPatient() {
  const { t } = useTexts();
  const { session } = useSmart();
  const own = useSearch<MedicationRequest>("MedicationRequest", session.grant.fhirUser?.startsWith("Practitioner/") === true ? {
    requester: session.grant.fhirUser, status: "active,draft,on-hold", _sort: "-authoredon", _count: 20, _include: "MedicationRequest:patient",
  } : undefined);
  return (
    <Stack maw={960} mx="auto">
      <Title order={1}>{t("find.title")}</Title>
      <Button variant="default" size="lg" justify="start" leftSection={<IconSearch size={20} aria-hidden />} onClick={openPalette} fw={400}>{t("find.button")}</Button>
      {!own.isPending && <Title order={2}>{t("find.mine")}</Title>}
      {own.fetchStatus !== "idle" || own.data !== undefined ? (
        <Loaded query={own}>
          {(bundle) => {
            const requests = resourcesOf<MedicationRequest>(bundle);
            return requests.length === 0 ? <Empty title={t("find.none")}><Text size="sm">{t("find.noneHint")}</Text></Empty> : <RequestList requests={requests} patients={patientsIn(resourcesOf<Patient>(bundle, "Patient"))} />;
          }}
        </Loaded>
      ) : null}
    </Stack>
  );
}
