import { Menu } from "@mantine/core";
import type { ReactElement } from "react";

import { OpenedMenu } from "../shared/frame/OpenedMenu.tsx";
import { useMyApps } from "../shared/frame/useMyApps.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import type { Alert } from "./alerts.ts";

/** What else can be done about an alert. */
export default function AlertMenu({ button, alert, onHistory }: { button: ReactElement; alert: Alert; onHistory: () => void }) {
  const { t } = useTexts();
  const apps = useMyApps().map((one) => one.name);
  const attach = alert.result?.id === undefined ? (alert.task.focus?.reference ?? "") : `Observation/${alert.result.id}`;
  const id = alert.patientId ?? "";
  return (
    <OpenedMenu button={button} position="bottom-end">
      <Menu.Item onClick={onHistory}>{t("history")}</Menu.Item>
      {apps.includes("messages") && id !== "" && <Menu.Item component="a" href={`/apps/messages/new?patient=${id}&attach=${attach}`}>{t("message")}</Menu.Item>}
      {apps.includes("prescriptions") && id !== "" && <Menu.Item component="a" href={`/apps/prescriptions/patients/${id}`}>{t("prescribe")}</Menu.Item>}
    </OpenedMenu>
  );
}
