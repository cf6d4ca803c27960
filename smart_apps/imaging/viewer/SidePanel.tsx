import { CloseButton, Drawer, Stack, Title } from "@mantine/core";
import type { ImagingStudy } from "fhir/r4";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { KeyImages } from "./KeyImages.tsx";
import { Reports } from "./Reports.tsx";
import classes from "./viewer.module.css";

interface Given {
  study: ImagingStudy;
  isWide: boolean;
  onClose: () => void;
  onOpen: (series: string, instance: string, frame: number) => void;
}

/** The report and the key images: beside the pictures, or over them on a small screen. */
export function SidePanel({ study, isWide, onClose, onOpen }: Given) {
  const { t } = useTexts();
  const open = (series: string, instance: string, frame: number) => {
    if (!isWide) onClose();
    onOpen(series, instance, frame);
  };
  const content = (
    <Stack gap="lg">
      <Reports study={study} />
      <KeyImages study={study} onOpen={open} />
    </Stack>
  );
  const head = (
    <div className={classes.panelHead}>
      <Title order={2} id="panel-title">{t("report.open")}</Title>
      <CloseButton aria-label={t("close")} size="lg" onClick={onClose} />
    </div>
  );
  // Without the drawer's own head, which would be a second banner of the page.
  if (!isWide) return <Drawer opened onClose={onClose} position="bottom" size="85%" withCloseButton={false} aria-labelledby="panel-title">{head}{content}</Drawer>;
  return (
    <aside className={classes.panel} aria-labelledby="panel-title">
      {head}
      {content}
    </aside>
  );
}
