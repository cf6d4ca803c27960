import { Alert, Stack, Text, Title } from "@mantine/core";
import type { ImagingStudy } from "fhir/r4";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { dateTime, text } from "../viewer/dicom.ts";
import classes from "../viewer/viewer.module.css";
import { saying } from "./figures.ts";
import type { Measurement } from "./measurement.ts";
import { useMeasurements } from "./useMeasurements.ts";

/** The saved measurements of a study; choosing one shows it. */
export function Measurements({ study, onOpen }: { study: ImagingStudy; onOpen: (series: string, instance: string, frame: number) => void }) {
  const { t } = useTexts();
  const { query, saved, known, isChanged, isAllowed } = useMeasurements(study);
  const last = saved.map(({ report }) => dateTime(text(report, "00080023"), text(report, "00080033"))).filter((one) => one !== undefined).sort().at(-1);
  return (
    <section aria-labelledby="measurements">
      <Title order={3} id="measurements">{t("measure.title")}</Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {isChanged && isAllowed && <Alert color="yellow" p="xs" my="xs">{t("measure.unsaved")}</Alert>}
      {query.isSuccess && known.length === 0 && <Text size="sm" c="dimmed">{t("measure.none")}</Text>}
      {known.length > 0 && last !== undefined && <Text size="sm" c="dimmed">{t("measure.last", { at: moment(last) })}</Text>}
      <Stack component="ul" gap={0} m={0} p={0} mt="xs" className={classes.lines}>
        {known.map((one) => <li key={one.uid}><Line one={one} onOpen={() => onOpen(one.place.series, one.place.instance, one.place.frame)} /></li>)}
      </Stack>
    </section>
  );
}

function Line({ one, onOpen }: { one: Measurement; onOpen: () => void }) {
  const { t } = useTexts();
  const figures = one.figures.map((figure) => saying(figure, t));
  return (
    <button type="button" className={classes.measured} onClick={onOpen}>
      <span className={classes.lineName}>{t(`tool.${one.kind}`)}</span>{" "}
      <span className={classes.lineValue}>{figures.join(" · ")}</span>
      {one.by !== undefined && <span className={classes.lineName}> {one.by}</span>}
    </button>
  );
}
