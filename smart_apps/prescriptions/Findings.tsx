import { Alert, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";

import { words } from "../shared/format/codes.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import type { Checked } from "./model/findings.ts";

/** What speaks against a prescription; a finding of high severity asks for a reason to go on. */
export function Findings({ checked, reasons, missing, onReason }: {
  checked: Checked;
  reasons?: Record<number, string>;
  missing?: readonly number[];
  onReason?: (index: number, reason: string) => void;
}) {
  const { t } = useTexts();
  return (
    <Stack gap="xs" aria-live="polite">
      <Text size="sm" c="dimmed">{t("check.done", { n: checked.findings.length })}</Text>
      {checked.findings.map((finding, n) => (
        <Alert key={n} color={finding.severity === "high" ? "red" : finding.severity === "moderate" ? "yellow" : "gray"} icon={finding.severity === "low" ? <IconInfoCircle aria-hidden /> : <IconAlertTriangle aria-hidden />} title={`${t(`severe.${finding.severity ?? "low"}`)}: ${words(finding.code)}`}>
          <Text size="sm">{finding.detail}</Text>
          {onReason !== undefined && finding.severity === "high" && (
            <TextInput mt="xs" size="sm" label={t("check.reason")} required value={reasons?.[n] ?? ""} onChange={(event) => onReason(n, event.currentTarget.value)} error={missing?.includes(n) === true ? t("reasonNeeded") : undefined} />
          )}
        </Alert>
      ))}
      {checked.unchecked.length > 0 && (
        <Alert color="gray" icon={<IconInfoCircle aria-hidden />} title={t("check.unchecked")}>
          {checked.unchecked.map((one) => <Text key={one} size="sm">{one}</Text>)}
        </Alert>
      )}
    </Stack>
  );
}
