import { Stack } from "@mantine/core";
import { useState, type ReactNode } from "react";

/** Fields that are seldom needed, behind a line that opens them; they are there only while they are seen. */
export function Further({ label, isOpen = false, children }: { label: string; isOpen?: boolean; children: ReactNode }) {
  const [isOpened, setOpened] = useState(isOpen);
  const isShown = isOpened || isOpen;
  return (
    <details open={isShown} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>{label}</summary>
      {isShown && <Stack gap="sm" mt="xs">{children}</Stack>}
    </details>
  );
}
