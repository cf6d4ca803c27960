import { Alert, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loading } from "../../shared/states/Loaded.tsx";
import { readDocument } from "./ccda.ts";
import { Narrative } from "../../shared/format/Narrative.tsx";

/** The sections of a C-CDA. */
export default function ClinicalDocument({ blob }: { blob: Blob }) {
  const { t } = useTexts();
  const id = useId();
  const read = useQuery({ queryKey: ["ccda", [], id], queryFn: async () => readDocument(await blob.text()), retry: false, gcTime: 0 });
  if (read.isError) return <Alert role="alert" color="yellow">{t("ccdaUnread")}</Alert>;
  if (read.data === undefined) return <Loading />;
  return (
    <Stack gap="sm">
      <Title order={3}>{read.data.title}</Title>
      {read.data.sections.map((section, n) => (
        <section key={n} aria-label={section.title}>
          <Title order={4}>{section.title}</Title>
          {section.blocks.map((block, m) => <Narrative key={m} block={block} />)}
        </section>
      ))}
    </Stack>
  );
}
