import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import { useTexts } from "../i18n/i18n.ts";
import { useReason } from "../states/Failed.tsx";
import type { Trouble } from "./useRetry.ts";

/** Why something isn't saved yet, that what was typed is kept, and what happens next. */
export function NotYet({ trouble, onNow, onStop, isBusy }: { trouble: Trouble | undefined; onNow: () => void; onStop: () => void; isBusy: boolean }) {
  const { t } = useTexts();
  const reason = useReason();
  if (trouble === undefined) return null;
  const isAgain = trouble.againAt !== undefined;
  return (
    <Alert role="alert" color={isAgain ? "yellow" : "red"} icon={<IconAlertTriangle aria-hidden />} title={t(isAgain ? "savePending" : "notSaved")}>
      <Text size="sm">{reason(trouble.error)} {isAgain && t("saveAgain")}</Text>
      {isAgain && (
        <Group mt="xs" gap="xs">
          <Button size="xs" variant="default" loading={isBusy} onClick={onNow}>{t("tryNow")}</Button>
          <Button size="xs" variant="subtle" onClick={onStop}>{t("tryStop")}</Button>
        </Group>
      )}
    </Alert>
  );
}
