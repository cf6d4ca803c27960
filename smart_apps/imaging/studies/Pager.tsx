import { Button, Group } from "@mantine/core";

import { useTexts } from "../../shared/i18n/i18n.ts";

/** The way to the other pages of a search, where there are any. */
export function Pager({ previous, next, onPage }: { previous?: string; next?: string; onPage: (link: string) => void }) {
  const { t } = useTexts();
  if (previous === undefined && next === undefined) return null;
  const open = (link: string | undefined) => () => {
    if (link === undefined) return;
    onPage(link);
    window.scrollTo({ top: 0 });
  };
  return (
    <Group justify="center" mt="md">
      <Button variant="default" disabled={previous === undefined} onClick={open(previous)}>{t("previousPage")}</Button>
      <Button variant="default" disabled={next === undefined} onClick={open(next)}>{t("nextPage")}</Button>
    </Group>
  );
}
