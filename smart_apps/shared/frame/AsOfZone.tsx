import { Text } from "@mantine/core";

import { momentOf } from "../format/zone.ts";
import { useTexts } from "../i18n/i18n.ts";
import { useZone } from "./useZone.ts";

/** Of when a summary is, and of which zone its times are: it is read far away, too. */
export function AsOfZone({ at }: { at: string | undefined }) {
  const { t } = useTexts();
  const { zone, isClinics, shown } = useZone();
  return <Text size="sm">{t("asOf", { time: `${momentOf(shown(at))} (${zone})` })}{isClinics && `. ${t("allInZone")}`}</Text>;
}
