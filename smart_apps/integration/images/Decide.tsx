import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { moment } from "../../shared/format/dates.ts";
import { language, useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import type { ImageConflict } from "../answers.ts";
import { ABOUT } from "../asking.ts";

/** Which of two datasets of an instance is shown from now on; both are kept. */
export default function Decide({ conflict, onClose }: { conflict: ImageConflict; onClose: () => void }) {
  const { t } = useTexts();
  const [shown, setShown] = useState("first");
  const decide = useChange<string, unknown>(ABOUT, (fhir, chosen) => fhir.other(`/dicom/conflicts/${conflict.number}/decide`, { method: "POST", body: { shown: chosen } }));
  const said = (one: ImageConflict["other"] | undefined) => one === undefined ? "" : t("dataset", { sender: one.sender === "" ? t("unknownSender") : one.sender, at: moment(one.received), size: new Intl.NumberFormat(language()).format(one.size) });
  return (
    <Modal opened onClose={onClose} size="lg" title={t("decideTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{t("decideText", { instance: conflict.instance })}</Text>
        <Radio.Group label={t("whichShown")} value={shown} onChange={setShown}>
          <Stack gap="xs" mt="xs">
            <Radio value="first" label={t("keepFirst")} description={said(conflict.first)} />
            <Radio value="other" label={t("showOther")} description={conflict.isElsewhere ? t("isElsewhere") : said(conflict.other)} disabled={conflict.isElsewhere} />
          </Stack>
        </Radio.Group>
        {decide.isError && <Failed error={decide.error} title={t("notDone")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button loading={decide.isPending} onClick={() => decide.mutate(shown, { onSuccess: () => { told(t("decided")); onClose(); } })}>{t("decide")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
