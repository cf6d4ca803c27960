import { Badge } from "@mantine/core";

import { useTexts } from "../shared/i18n/i18n.ts";
import type { State } from "./answers.ts";

const COLORS: Record<State, string> = { waiting: "accent", written: "accent", done: "green", dead: "red", refused: "yellow", discarded: "gray" };

/** How a message stands, in a word. */
export function StateBadge({ state }: { state: State }) {
  const { t } = useTexts();
  return <Badge size="md" variant="light" color={COLORS[state]}>{t(`state.${state}`)}</Badge>;
}
