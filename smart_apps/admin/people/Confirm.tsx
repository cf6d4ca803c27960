import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";

import { FhirError } from "../../shared/fhir/client.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";

/** Asks before something that isn't easily undone, and says what will happen. */
export function Confirm({ title, children, action, isDanger = false, isBusy, error, onDo, onClose }: {
  title: string;
  /** What will happen. */
  children: ReactNode;
  action: string;
  isDanger?: boolean;
  isBusy: boolean;
  error: unknown;
  onDo: () => void;
  onClose: () => void;
}) {
  const { t } = useTexts();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        {children}
        <Refused error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button color={isDanger ? "red" : undefined} loading={isBusy} onClick={onDo}>{action}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Why a change wasn't made. What the server says about an administrator's request is more than that it was refused. */
export function Refused({ error }: { error: unknown }) {
  const { t } = useTexts();
  if (error === null || error === undefined) return null;
  return <Failed title={t("notSaved")} error={error instanceof FhirError && error.status < 500 && error.status !== 429 ? new Error(error.message) : error} />;
}
