import { Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";

import { Unreachable } from "../../shared/fhir/client.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useReason } from "../../shared/states/Failed.tsx";
import type { Chosen } from "./collect.ts";
import type { Outcome } from "./stow.ts";
import classes from "./upload.module.css";

const MOST = 200;

/** What became of each file; those that weren't stored first. */
export function Outcomes({ files, outcomes }: { files: readonly Chosen[]; outcomes: ReadonlyMap<string, Outcome> }) {
  const { t } = useTexts();
  const reason = useReason();
  const isStored = (file: Chosen) => outcomes.get(file.key)?.kind === "stored";
  const stored = files.filter(isStored).length;
  const why = (file: Chosen): string => {
    const outcome = outcomes.get(file.key);
    if (outcome?.kind === "stored") return t("upload.stored");
    if (outcome?.kind === "refused") return t(`upload.refused.${outcome.reason}`);
    if (outcome?.error instanceof Unreachable && file.type !== "dicom") return t("upload.unknown");
    return reason(outcome?.error);
  };
  const sorted = [...files].sort((a, b) => Number(isStored(a)) - Number(isStored(b)));
  return (
    <Stack gap={4} role="status">
      <Title order={3}>{t("upload.result", { stored, count: files.length })}</Title>
      {stored > 0 && <Text size="sm">{t("upload.soon")}</Text>}
      <div>
        {sorted.slice(0, MOST).map((file) => (
          <div key={file.key} className={classes.outcome}>
            {isStored(file) ? <IconCircleCheck size={16} color="var(--fs-good)" aria-hidden /> : <IconCircleX size={16} color="var(--fs-critical)" aria-hidden />}
            <Text size="sm">{file.name}</Text>
            <Text size="sm" c={isStored(file) ? "dimmed" : undefined} fw={isStored(file) ? 400 : 600}>{why(file)}</Text>
          </div>
        ))}
      </div>
    </Stack>
  );
}
