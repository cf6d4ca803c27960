import { ActionIcon, Popover, Text } from "@mantine/core";
import { IconQuestionMark } from "@tabler/icons-react";

import { useTexts } from "../../shared/i18n/i18n.ts";

/** What a figure means, behind a "?". */
export function Definition({ metric }: { metric: string }) {
  const { t } = useTexts();
  return (
    <Popover width={340} position="bottom-end" withArrow>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" className="fs-noprint" aria-label={t("definitionOf", { what: t(`metric.${metric}`) })}><IconQuestionMark size={18} /></ActionIcon>
      </Popover.Target>
      <Popover.Dropdown><DefinitionText metric={metric} /></Popover.Dropdown>
    </Popover>
  );
}

export function DefinitionText({ metric }: { metric: string }) {
  const { t } = useTexts();
  return (
    <>
      <Text size="sm"><b>{t("countedWord")}</b> {t(`counts.${metric}`)}</Text>
      <Text size="sm" mt={4}><b>{t("notCountedWord")}</b> {t(`countsNot.${metric}`)}</Text>
    </>
  );
}
