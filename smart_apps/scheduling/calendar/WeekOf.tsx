import { Select } from "@mantine/core";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Row } from "../model/rows.ts";

/** Whose week it is. */
export default function WeekOf({ rows, of, onChange }: { rows: readonly Row[]; of: Row; onChange: (ref: string) => void }) {
  const { t } = useTexts();
  return (
    <Select
      aria-label={t("calendarOf")} maw={360} searchable allowDeselect={false} nothingFoundMessage={t("nothingFound")} value={of.ref}
      data={rows.map((row) => ({ value: row.ref, label: row.label }))}
      onChange={(ref) => { if (ref !== null) onChange(ref); }}
    />
  );
}
