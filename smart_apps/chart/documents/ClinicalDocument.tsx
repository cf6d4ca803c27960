import { Alert, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";

import { Narrative } from "../../shared/format/Narrative.tsx";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loading } from "../../shared/states/Loaded.tsx";
import { readDocument } from "./ccda.ts";

/** A C-CDA to read: whom it names, by whom and when, then its sections. */
export default function ClinicalDocument({ blob }: { blob: Blob }) {
  const { t } = useTexts();
  const id = useId();
  const read = useQuery({ queryKey: ["ccda", [], id], queryFn: async () => readDocument(await blob.text()), retry: false, gcTime: 0 });
  if (read.isError) return <Alert role="alert" color="yellow">{t("ccdaUnread")}</Alert>;
  if (read.data === undefined) return <Loading />;
  const { title, date, author, patient, sections } = read.data;
  const name = [patient.family.toLocaleUpperCase(), patient.given].filter((part) => part !== "").join(", ");
  return (
    <Stack gap="sm" maw="72ch">
      <div>
        <Title order={3}>{title}</Title>
        <Text size="sm">{t("ccdaAbout", { name: name === "" ? t("notKnown") : name, born: patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate) })}</Text>
        <Text size="sm" c="dimmed">{[author, day(date)].filter((part) => part !== "").join(" · ")}</Text>
      </div>
      {sections.map((section, n) => (
        <section key={n} aria-label={section.title === "" ? undefined : section.title}>
          <Title order={section.level === 1 ? 4 : 5}>{section.title}</Title>
          {section.blocks.map((block, m) => <Narrative key={m} block={block} />)}
        </section>
      ))}
    </Stack>
  );
}
