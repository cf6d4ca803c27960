import { Checkbox, ScrollArea, Stack, Text } from "@mantine/core";
import type { Bundle } from "fhir/r4";

import { answerOf, resourcesOf } from "../shared/fhir/bundle.ts";
import { useBatch } from "../shared/fhir/queries.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Loaded } from "../shared/states/Loaded.tsx";
import { lineOf, type Attachable } from "./attachments.ts";

/** The newest of a patient's chart, to attach by reference. */
export default function Attach({ patientId, chosen, onChoose }: { patientId: string; chosen: string[]; onChoose: (references: string[]) => void }) {
  const { t } = useTexts();
  const query = useBatch(
    [
      `DiagnosticReport?patient=${patientId}&_sort=-date&_count=10`,
      `Observation?patient=${patientId}&category=laboratory&_sort=-date&_count=20`,
      `Observation?patient=${patientId}&category=vital-signs&_sort=-date&_count=10`,
      `ImagingStudy?patient=${patientId}&_sort=-started&_count=10`,
      `DocumentReference?patient=${patientId}&status=current&_sort=-date&_count=10`,
    ],
    [],
  );
  return (
    <Stack gap={4} my="xs" p="sm" style={{ border: "1px solid var(--fs-line)", borderRadius: 6 }}>
      <Text size="sm">{t("attachMeans")}</Text>
      <Loaded query={query}>
        {(data) => {
          const found = [0, 1, 2, 3, 4].flatMap((n) => resourcesOf<Attachable>(answerOf<Bundle>(data, n)));
          if (found.length === 0) return <Text size="sm" c="dimmed">{t("nothingToAttach")}</Text>;
          return (
            <ScrollArea.Autosize mah={260} type="auto">
              <Stack gap={6}>
                {found.map((one) => {
                  const reference = `${one.resourceType}/${one.id ?? ""}`;
                  const line = lineOf(one);
                  return (
                    <Checkbox
                      key={reference} label={`${t(`type.${one.resourceType}`)}: ${[line.title, line.value, line.at].filter(Boolean).join(" · ")}`} checked={chosen.includes(reference)}
                      onChange={(event) => onChoose(event.currentTarget.checked ? [...chosen, reference] : chosen.filter((other) => other !== reference))}
                    />
                  );
                })}
              </Stack>
            </ScrollArea.Autosize>
          );
        }}
      </Loaded>
    </Stack>
  );
}
