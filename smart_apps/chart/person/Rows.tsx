import { ActionIcon, Button, Fieldset, Stack } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import classes from "./form.module.css";

/** A list in a form: a line for each, one more, one less. */
export function Rows<R extends { key: string }>({ title, one, rows, make, onChange, children }: {
  title: string;
  /** What a line is called: "Name". */
  one: string;
  rows: readonly R[];
  make: () => R;
  onChange: (rows: R[]) => void;
  children: (row: R, change: (more: Partial<R>) => void, n: number) => ReactNode;
}) {
  const { t } = useTexts();
  return (
    <Fieldset legend={title}>
      <Stack gap="sm">
        {rows.map((row, n) => (
          <div key={row.key} role="group" aria-label={`${one} ${n + 1}`} className={classes.row}>
            <div className={classes.fields}>
              {children(row, (more) => onChange(rows.map((other) => (other.key === row.key ? { ...other, ...more } : other))), n)}
            </div>
            <ActionIcon variant="subtle" color="gray" size="lg" mt={24} aria-label={t("removeOf", { what: `${one} ${n + 1}` })} title={t("removeOf", { what: `${one} ${n + 1}` })} onClick={() => onChange(rows.filter((other) => other.key !== row.key))}>
              <IconX size={18} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        <div><Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => onChange([...rows, make()])}>{t("addOne", { what: one })}</Button></div>
      </Stack>
    </Fieldset>
  );
}
