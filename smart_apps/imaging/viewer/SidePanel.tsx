import { Anchor, CloseButton, Drawer, Stack, Title } from "@mantine/core";
import type { ImagingStudy } from "fhir/r4";
import { Link } from "wouter";

import { useRole } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Measurements } from "../measurements/Measurements.tsx";
import { KeyImages } from "./KeyImages.tsx";
import { Reports } from "./Reports.tsx";
import classes from "./viewer.module.css";

interface Given {
  study: ImagingStudy;
  isWide: boolean;
  onClose: () => void;
  onOpen: (series: string, instance: string, frame: number) => void;
}

/** The report, key images and measurements: beside the pictures, or over them on a small screen. */
export function SidePanel({ study, isWide, onClose, onOpen }: Given) {
  const { t } = useTexts();
  const { session } = useSmart();
  const mayMove = useRole("radiologist") && session.allows("ImagingStudy", "u") && session.grant.patient === undefined;
  const open = (series: string, instance: string, frame: number) => {
    if (!isWide) onClose();
    onOpen(series, instance, frame);
  };
  const content = (
    <Stack gap="lg">
      <Reports study={study} />
      <KeyImages study={study} onOpen={open} />
      <Measurements study={study} onOpen={open} />
      {mayMove && <Anchor component={Link} href={`/studies/${study.id ?? ""}/move`} size="sm">{t("move.link")}</Anchor>}
    </Stack>
  );
  const head = (
    <div className={classes.panelHead}>
      <Title order={2} id="panel-title">{t("report.open")}</Title>
      <CloseButton aria-label={t("close")} size="lg" onClick={onClose} />
    </div>
  );
  // Without the drawer's own head, which would be a second banner of the page.
  if (!isWide) {
    return (
      <Drawer.Root opened onClose={onClose} position="bottom" size="85%">
        <Drawer.Overlay />
        <Drawer.Content aria-label={t("report.open")}><Drawer.Body pt="md">{head}{content}</Drawer.Body></Drawer.Content>
      </Drawer.Root>
    );
  }
  return (
    <aside className={classes.panel} aria-labelledby="panel-title">
      {head}
      {content}
    </aside>
  );
}
