import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { MeasureReport } from "fhir/r4";
import { useState } from "react";

import { failed } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { save } from "../save.ts";
import { FORMATS, tableOf, type Format } from "./useReport.ts";

/** Reports as a file, as the server makes it. */
export function Export({ reports, name }: { reports: readonly MeasureReport[]; name: string }) {
  const { t } = useTexts();
  const { fhir } = useSmart();
  const reason = useReason();
  const [isBusy, setBusy] = useState(false);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" className="fs-noprint" loading={isBusy} disabled={reports.length === 0} leftSection={<IconDownload size={18} aria-hidden />}>{t("export")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => <Menu.Item key={format} onClick={() => void fetchAs(format)}>{t(`format.${format}`)}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );

  async function fetchAs(format: Format) {
    setBusy(true);
    try {
      save(await tableOf(fhir, reports, format), `${name}.${format}`);
    } catch (error) {
      failed(reason(error), t("notExported"));
    } finally {
      setBusy(false);
    }
  }
}
