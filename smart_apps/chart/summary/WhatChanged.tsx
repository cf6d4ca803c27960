import { Anchor, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconDoorEnter, IconFileText, IconFileX, IconFlask, IconNotes, IconFile, IconPhotoScan, IconPill, IconPillOff, IconScissors, IconStethoscope, IconVaccine } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "wouter";

import { ago, moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Value } from "../../shared/format/Value.tsx";
import type { Change, Kind } from "./changes.ts";

const ICONS: Record<Kind, typeof IconFlask> = {
  alert: IconAlertTriangle, result: IconFlask, report: IconFileText, medication: IconPill, stopped: IconPillOff, note: IconNotes, document: IconFile, encounter: IconDoorEnter,
  problem: IconStethoscope, procedure: IconScissors, immunization: IconVaccine, image: IconPhotoScan, withdrawn: IconFileX,
};
const FIRST = 8;

/** What is new, the urgent first; each with its time. */
export function WhatChanged({ patient, changes, isWhole }: { patient: string; changes: readonly Change[]; isWhole: boolean }) {
  const { t } = useTexts();
  const [isAll, setAll] = useState(false);
  return (
    <>
      {!isWhole && <Text size="sm" c="var(--fs-warning)">{t("changedPartly")}</Text>}
      {changes.length === 0 && <Text size="sm" c="dimmed">{t("changedNothing")}</Text>}
      <Stack component="ul" gap={6} m={0} p={0} style={{ listStyle: "none" }}>
        {(isAll ? changes : changes.slice(0, FIRST)).map((one, n) => {
          const Icon = ICONS[one.kind];
          return (
            <li key={n} style={{ display: "flex", gap: 8 }}>
              <Icon size={16} aria-hidden style={{ flex: "none", marginTop: 3, color: one.isUrgent ? "var(--fs-critical)" : "var(--mantine-color-dimmed)" }} />
              <Text size="sm" fw={one.isUrgent ? 600 : 400} component="div">
                <span className="fs-hidden">{t(`kind.${one.kind}`)} </span>
                {(one.kind === "stopped" || one.kind === "withdrawn") && `${t(`kind.${one.kind}`)} `}
                {one.page === undefined ? one.text : <Anchor component={Link} href={`/patients/${patient}/${one.page}`} fw="inherit" fz="inherit" underline="always">{one.text || t("notKnown")}</Anchor>} {one.observation !== undefined && <Value of={one.observation} />}{" "}
                <span className="fs-unit">{moment(one.at)} · {ago(one.at)}</span>
              </Text>
            </li>
          );
        })}
      </Stack>
      {changes.length > FIRST && !isAll && <Button variant="subtle" size="compact-sm" mt={4} onClick={() => setAll(true)}>{t("showMore", { n: changes.length - FIRST })}</Button>}
    </>
  );
}
