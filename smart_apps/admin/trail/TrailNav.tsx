import { Button, Group } from "@mantine/core";
import { Link, useLocation } from "wouter";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { useMayNamePatients } from "../people/rights.ts";

/** The parts of the audit trail. */
export function TrailNav() {
  const { t } = useTexts();
  const [here] = useLocation();
  const isOfficer = useMayNamePatients();
  const parts = [["/trail", "trailSearch"], ...(isOfficer ? [["/trail/disclosures", "disclosures"]] : []), ["/trail/seals", "seals"]];
  return (
    <Group component="nav" aria-label={t("trail")} gap="xs" className="fs-noprint">
      {parts.map(([path = "", label = ""]) => (
        <Button key={path} component={Link} href={path} variant={here === path ? "light" : "default"} aria-current={here === path ? "page" : undefined}>{t(label)}</Button>
      ))}
    </Group>
  );
}
