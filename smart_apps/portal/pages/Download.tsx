import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import type { Bundle, Composition, Patient } from "fhir/r4";

import type { Stored } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { download } from "../../shared/forms/download.ts";
import { Narrative } from "../../shared/format/Narrative.tsx";
import { readNarrative } from "../../shared/format/narrative.ts";
import { AsOfZone } from "../../shared/frame/AsOfZone.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";

/** The International Patient Summary: to read, print and keep. */
export default function Download({ patient }: { patient: Stored<Patient> }) {
  const { t } = useTexts();
  const query = useAsk<Bundle>(["Patient"], ["summary", patient.id], (fhir) => fhir.operation(`Patient/${patient.id}/$summary`));
  return (
    <Stack maw={900} mx="auto" gap="md">
      <Title order={1}>{t("summary")}</Title>
      <Text className="fs-noprint">{t("summaryText")}</Text>
      <Loaded query={query} lines={12}>
        {(bundle) => {
          const composition = bundle.entry?.map((entry) => entry.resource).find((one): one is Composition => one?.resourceType === "Composition");
          return (
            <>
              <Group gap="xs" className="fs-noprint">
                <Button leftSection={<IconDownload size={18} aria-hidden />} onClick={() => download(new Blob([JSON.stringify(bundle, null, 2)], { type: "application/fhir+json" }), "patient-summary.json")}>{t("downloadSummary")}</Button>
                <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
              </Group>
              <AsOfZone at={bundle.timestamp} />
              {composition?.section?.map((section, n) => (
                <Card key={n} component="section" aria-label={section.title}>
                  <Title order={2} mb="xs">{section.title}</Title>
                  {readNarrative(section.text?.div ?? "").map((block, m) => <Narrative key={m} block={block} />)}
                </Card>
              ))}
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}
