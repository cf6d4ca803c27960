import { Button, Group, Text } from "@mantine/core";

import { notify, unsay } from "../../shared/forms/notices.ts";
import { UNDO_MS } from "../../shared/forms/saving.ts";
import { text } from "../../shared/i18n/i18n.ts";

/** Says that something was done; it can be taken back for ten seconds. */
export function undoable(message: string, undo: () => void): void {
  const id = notify({
    color: "green",
    shownMs: UNDO_MS,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button size="compact-sm" variant="default" onClick={() => { unsay(id); undo(); }}>{text("undo")}</Button>
      </Group>
    ),
  });
}
