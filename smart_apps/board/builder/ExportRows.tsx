import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { FhirResource } from "fhir/r4";
import { useState } from "react";

import { failed } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { save } from "../save.ts";
import type { View } from "./definition.ts";
import { fileOf, FORMATS, type Format } from "./run.ts";

/** All rows of a view as a file, as the server makes it. */
export function ExportRows({ view, of, name }: { view: View | string | undefined; of?: readonly FhirResource[]; name: string }) {
  const { t } = useTexts();
  const { fhir } = useSmart();
  const reason = useReason();
  const [isBusy, setBusy] = useState(false);
  const fetchAs = async (wanted: View | string, format: Format) => {
    setBusy(true);
    try {
      save(await fileOf(fhir, wanted, format, of), `${name.replace(/[^\p{L}\p{N}._ -]/gu, "_")}.${format}`);
    } catch (error) {
      failed(reason(error), t("notExported"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" className="fs-noprint" loading={isBusy} disabled={view === undefined} leftSection={<IconDownload size={18} aria-hidden />}>{t("export")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => <Menu.Item key={format} onClick={() => view !== undefined && void fetchAs(view, format)}>{t(`format.${format}`)}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
}
