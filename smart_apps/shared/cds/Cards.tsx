import { Alert, Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";

import { useTexts } from "../i18n/i18n.ts";
import { plain, type Card, type Suggestion } from "./cards.ts";

const COLOURS = { critical: "red", warning: "yellow", info: "gray" } as const;

/** What speaks against the orders that are being selected; each by its severity in words, its source, and what can be done. */
export function Cards({ query, onSuggestion }: { query: UseQueryResult<Card[]>; onSuggestion: (suggestion: Suggestion, card: Card) => void }) {
  const { t } = useTexts();
  return (
    <Stack gap="xs" aria-live="polite" role="region" aria-label={t("cards")}>
      {query.isError && <Alert color="yellow" icon={<IconAlertTriangle aria-hidden />} title={t("cardsFailed")} />}
      {(query.data ?? []).map((card, n) => (
        <Alert key={card.uuid ?? n} color={COLOURS[card.indicator]} icon={card.indicator === "info" ? <IconInfoCircle aria-hidden /> : <IconAlertTriangle aria-hidden />} title={`${t(`cardIs.${card.indicator}`)}: ${card.summary}`}>
          {card.detail !== undefined && <Text size="sm" style={{ whiteSpace: "pre-line" }}>{plain(card.detail)}</Text>}
          <Text size="sm" mt={4}>{t("cardSource")} {card.source.url === undefined ? card.source.label : <Anchor href={card.source.url} target="_blank" rel="noreferrer" inherit underline="always" c="inherit">{card.source.label}</Anchor>}</Text>
          {(card.suggestions ?? []).length > 0 && (
            <Group gap="xs" mt="xs">
              {card.suggestions?.map((suggestion) => <Button key={suggestion.uuid ?? suggestion.label} type="button" size="xs" variant="default" onClick={() => onSuggestion(suggestion, card)}>{suggestion.label}</Button>)}
            </Group>
          )}
        </Alert>
      ))}
    </Stack>
  );
}
