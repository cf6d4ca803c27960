import { Alert, Card, Checkbox, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconHelpCircle } from "@tabler/icons-react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Group } from "./groups.ts";

/** The DICOM files of a study, whose they say they are, and a warning when that is somebody else. */
export function GroupItem({ group, patientName, isSent, isFixed, onChange }: { group: Group; patientName: string; isSent: boolean; isFixed: boolean; onChange: (isSent: boolean) => void }) {
  const { t } = useTexts();
  const { agreement } = group;
  const says = t("upload.says", { name: group.patient === "" ? t("unnamed") : group.patient, born: group.born ?? t("notKnown"), number: group.id ?? t("notKnown") });
  return (
    <Card>
      <Text fw={600}>{[group.modalities, group.description ?? t("untitled"), group.when].filter(Boolean).join(" · ")}</Text>
      <Text size="sm" c="dimmed">{t("upload.count", { n: group.files.length })}</Text>
      {agreement.kind === "same" && <Text size="sm" mt={4} style={{ color: "var(--fs-good)" }}><IconCircleCheck size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("upload.same")} {says}</Text>}
      {agreement.kind === "unsaid" && <Alert color="yellow" mt="xs" icon={<IconHelpCircle aria-hidden />} title={t("upload.unsaid")}>{says} {t("upload.unsaidHint")}</Alert>}
      {agreement.kind === "other" && (
        <Alert color="red" mt="xs" role="alert" icon={<IconAlertTriangle aria-hidden />} title={t("upload.other", { name: patientName })}>
          <Text size="sm" fw={600}>{says}</Text>
          <Text size="sm">{t("upload.otherHint", { name: patientName, what: agreement.differ.map((one) => t(`mismatchOf.${one}`)).join(", ") })}</Text>
          <Checkbox mt="xs" checked={isSent} disabled={isFixed} label={t("upload.otherSend")} onChange={(event) => onChange(event.currentTarget.checked)} />
        </Alert>
      )}
    </Card>
  );
}
