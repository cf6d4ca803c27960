import { Badge, Group, Text } from "@mantine/core";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Row } from "./events.ts";

/** How it ended, and what stands out. */
export function Marks({ row }: { row: Row }) {
  const { t } = useTexts();
  return (
    <Group gap={4} component="span">
      {row.outcome === "done" ? <Text span size="sm">{t("outcomeIs.done")}</Text> : <Badge variant="light" color={row.outcome === "refused" ? "yellow" : "red"}>{t(`outcomeIs.${row.outcome}`)}</Badge>}
      {row.isEmergency && <Badge variant="light" color="yellow">{t("emergency")}</Badge>}
      {row.isReported && <Badge variant="light" color="gray">{t("reported")}</Badge>}
    </Group>
  );
}
