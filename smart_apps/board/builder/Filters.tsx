import { ActionIcon, Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Filter } from "./definition.ts";
import { ALONE, OPERATORS, type Operator, type Subject } from "./subjects.ts";

/** Which rows are in the report: all of these conditions must be so. */
export function Filters({ subject, filters, onChange }: { subject: Subject; filters: readonly Filter[]; onChange: (filters: Filter[]) => void }) {
  const { t } = useTexts();
  const kindOf = (column: string) => subject.columns.find((one) => one.name === column)?.kind ?? "text";
  const set = (n: number, change: Partial<Filter>) => onChange(filters.map((one, at) => (at === n ? { ...one, ...change } : one)));
  const first = subject.columns[0];
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
      <Text component="legend" size="sm" fw={500}>{t("filters")}</Text>
      <Stack gap="xs">
        {filters.map((filter, n) => {
          const kind = kindOf(filter.column);
          return (
            <Group key={n} gap="xs" align="end">
              <NativeSelect aria-label={t("filterColumn", { n: n + 1 })} value={filter.column} data={subject.columns.map((one) => ({ value: one.name, label: t(`column.${one.name}`) }))}
                onChange={(event) => {
                  const column = event.currentTarget.value;
                  set(n, { column, operator: OPERATORS[kindOf(column)][0] ?? "is", value: "" });
                }} />
              <NativeSelect aria-label={t("filterOperator", { n: n + 1 })} value={filter.operator} data={OPERATORS[kind].map((one) => ({ value: one, label: t(`operator.${one}`) }))}
                onChange={(event) => set(n, { operator: event.currentTarget.value as Operator })} />
              {!ALONE.has(filter.operator) && (
                <TextInput aria-label={t("filterValue", { n: n + 1 })} type={kind === "date" ? "date" : "text"} inputMode={kind === "number" ? "decimal" : undefined} value={filter.value}
                  onChange={(event) => set(n, { value: event.currentTarget.value })} />
              )}
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("filterRemove", { n: n + 1 })} onClick={() => onChange(filters.filter((_, at) => at !== n))}><IconTrash size={18} aria-hidden /></ActionIcon>
            </Group>
          );
        })}
        {first !== undefined && (
          <Group><Button variant="default" size="xs" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => onChange([...filters, { column: first.name, operator: OPERATORS[first.kind][0] ?? "is", value: "" }])}>{t("filterAdd")}</Button></Group>
        )}
      </Stack>
    </fieldset>
  );
}
