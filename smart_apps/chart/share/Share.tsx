import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconDownload, IconPrinter, IconShare } from "@tabler/icons-react";
import type { Bundle, Composition } from "fhir/r4";

import { useAsk } from "../../shared/fhir/queries.ts";
import { AsOfZone } from "../../shared/frame/AsOfZone.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { download } from "../../shared/forms/download.ts";
import { readNarrative } from "../../shared/format/narrative.ts";
import { Narrative } from "../../shared/format/Narrative.tsx";

const TYPE = "application/fhir+json";

/** The International Patient Summary: to read, print, download or share. */
export default function Share({ patient }: { patient: string }) {
  const { t } = useTexts();
  const query = useAsk<Bundle>(["Patient"], ["summary", patient], (fhir) => fhir.operation(`Patient/${patient}/$summary`));
  return (
    <Stack gap="sm" maw={900}>
      <Title order={2}>{t("share")}</Title>
      <Text size="sm" c="dimmed" className="fs-noprint">{t("shareText")}</Text>
      <Loaded query={query} lines={12}>
        {(bundle) => {
          const composition = bundle.entry?.map((entry) => entry.resource).find((one): one is Composition => one?.resourceType === "Composition");
          const file = new File([JSON.stringify(bundle, null, 2)], "patient-summary.json", { type: TYPE });
          const canShare = typeof navigator.canShare === "function" && navigator.canShare({ files: [file] });
          return (
            <>
              <Group gap="xs" className="fs-noprint">
                <Button variant="default" leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
                <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} onClick={() => download(file, file.name)}>{t("downloadFhir")}</Button>
                {canShare && <Button variant="default" leftSection={<IconShare size={16} aria-hidden />} onClick={() => void navigator.share({ files: [file] }).catch(() => undefined)}>{t("shareNow")}</Button>}
              </Group>
              <AsOfZone at={bundle.timestamp} />
              {composition?.section?.map((section, n) => (
                <Card key={n} component="section" aria-label={section.title}>
                  <Title order={3} mb="xs">{section.title}</Title>
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
