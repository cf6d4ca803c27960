import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { day } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";

/** Says what will happen, and to whom, before it does. */
export function Confirm({ patient, title, action, isBusy, onYes, onNo, children }: {
  patient: string;
  title: string;
  action: string;
  isBusy?: boolean;
  onYes: () => void;
  onNo: () => void;
  children?: ReactNode;
}) {
  const { t } = useTexts();
  return (
    <Modal opened onClose={onNo} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      <Whom patient={patient} />
      {children}
      <Group justify="flex-end" mt="md">
        <Button variant="default" data-autofocus onClick={onNo}>{t("cancel")}</Button>
        <Button color="red" loading={isBusy} onClick={onYes}>{action}</Button>
      </Group>
    </Modal>
  );
}

/** Two identifiers of the patient, in dialogs. */
export function Whom({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { patient: who } = usePatientBatch(patient);
  return <Text size="sm" mb="xs"><strong>{formalName(who?.name)}</strong> · {t("born")} {who?.birthDate === undefined ? t("notKnown") : day(who.birthDate)}</Text>;
}
