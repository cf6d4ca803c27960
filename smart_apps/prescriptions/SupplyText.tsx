import { Text } from "@mantine/core";

import { day } from "../shared/format/dates.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import type { Supply } from "./model/supply.ts";

/** What was dispensed under a prescription, and how many repeats are left. */
export function SupplyText({ supply }: { supply: Supply }) {
  const { t } = useTexts();
  const parts = [
    supply.fills === 0 ? "" : t("supply.fills", { n: supply.fills }),
    supply.fills === 0 || supply.lastsUntil === undefined ? "" : t("supply.lasts", { day: day(supply.lastsUntil) }),
    supply.isOver ? t("supply.over") : supply.repeats === undefined ? "" : t("supply.left", { n: Math.max(0, supply.repeats - Math.max(0, supply.fills - 1)) }),
  ].filter((part) => part !== "");
  return parts.length === 0 ? null : <Text size="sm" c="dimmed">{parts.join(" · ")}</Text>;
}
