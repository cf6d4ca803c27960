import { Alert, Anchor, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "wouter";

import { useAsk } from "../shared/fhir/queries.ts";
import { day } from "../shared/format/dates.ts";
import { formalName, recordNumber } from "../shared/format/people.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Loading } from "../shared/states/Loaded.tsx";
import BreakGlass from "./BreakGlass.tsx";
import { replacing } from "./person/survivor.ts";

/** A record that isn't open: merged into one that is, or to be opened in an emergency. */
export default function Closed({ patient, onOpened }: { patient: string; onOpened: () => void }) {
  const { t } = useTexts();
  const query = useAsk(["Patient"], ["replacing", patient], async (fhir) => (await replacing(fhir, patient)) ?? null);
  if (query.isPending) return <Loading lines={4} />;
  const into = query.data ?? undefined;
  if (into === undefined) return <BreakGlass patient={patient} onOpened={onOpened} />;
  return (
    <Alert role="alert" color="yellow" icon={<IconAlertTriangle aria-hidden />} title={t("merged")}>
      <Text mb="xs">{t("mergedName", { name: formalName(into.name), born: into.birthDate === undefined ? t("notKnown") : day(into.birthDate), number: recordNumber(into.identifier) ?? t("notKnown") })}</Text>
      <Anchor component={Link} href={`/patients/${into.id}`} fw={600}>{t("mergedOpen")}</Anchor>
    </Alert>
  );
}
