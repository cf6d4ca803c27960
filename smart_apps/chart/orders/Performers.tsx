import { Select, Text } from "@mantine/core";
import type { Organization } from "fhir/r4";

import { addressOf } from "../../shared/fhir/departments.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";

/** Who carries out the orders of a kind: the department sees by that whose they are. */
export function Performers({ kind, departments, value, onChoose }: { kind: "laboratory" | "imaging"; departments: readonly Organization[]; value: string | undefined; onChoose: (address: string) => void }) {
  const { t } = useTexts();
  if (departments.length === 0) return <Text size="sm" role="status">{t(`orderNobody.${kind}`)}</Text>;
  return (
    <Select
      label={t(`orderTo.${kind}`)} required maw={460} allowDeselect={false} value={value ?? null} onChange={(address) => address !== null && onChoose(address)}
      data={departments.map((one) => ({ value: addressOf(one), label: one.name ?? addressOf(one) }))}
    />
  );
}
