import { Button, Card, Stack, Text, Title } from "@mantine/core";
import type { Observation, Patient } from "fhir/r4";

import type { Stored } from "../../shared/fhir/client.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { level, normalRange, range, unitOf } from "../../shared/format/quantities.ts";
import { valueText } from "../../shared/format/Value.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { byDay } from "../byDay.ts";

/** Laboratory results that were released, day by day, with what high and low mean. */
export default function Results({ patient }: { patient: Stored<Patient> }) {
  const { t } = useTexts();
  const { query, all } = usePages<Observation>("Observation", { patient: patient.id, category: "laboratory", _sort: "-date", _count: 50 });
  return (
    <Stack maw={720} mx="auto" gap="md">
      <Title order={1}>{t("results")}</Title>
      <Text>{t("resultsText")}</Text>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={10} />}
      {query.isSuccess && all.length === 0 && <Empty title={t("noResults")} />}
      {byDay(all).map(({ date, of }) => (
        <section key={date} aria-label={day(date)}>
          <Title order={2} mb="xs">{day(date) || t("notKnown")}</Title>
          <Card padding="sm">
            <Stack gap="sm">{of.map((one) => <Result key={one.id} of={one} />)}</Stack>
          </Card>
        </section>
      ))}
      {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
    </Stack>
  );
}

function Result({ of }: { of: Observation }) {
  const { t } = useTexts();
  const how = level(of);
  const normal = range(normalRange(of));
  const parts = of.component ?? [];
  return (
    <div>
      <Text>{words(of.code)}: <span className="fs-value">{valueText(of)}</span>{parts.map((part) => ` ${words(part.code)} ${valueText(part)}`).join(",")}</Text>
      {how !== undefined && <Text size="sm" className={how === "N" ? undefined : `fs-level-${how}`}>{t(`means.${how}`)}</Text>}
      <Text size="sm" c="dimmed">{normal === "" ? t("noRange") : t("usual", { range: `${normal} ${unitOf(of.valueQuantity)}`.trim() })}</Text>
    </div>
  );
}
