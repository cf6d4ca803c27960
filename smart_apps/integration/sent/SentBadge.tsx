import { Badge } from "@mantine/core";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { SentState } from "../answers.ts";

const COLORS: Record<SentState, string> = { waiting: "accent", stopped: "red", accepted: "green", rejected: "yellow", discarded: "gray" };

/** How a message that goes out stands, in a word. */
export function SentBadge({ state }: { state: SentState }) {
  const { t } = useTexts();
  return <Badge size="md" variant="light" color={COLORS[state]}>{t(`sentState.${state}`)}</Badge>;
}
