import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import type { Head } from "../answers.ts";
import { ABOUT } from "../asking.ts";

/** Deals with a message no more; it says what that means, and wants a reason. */
export default function Discard({ head, onClose }: { head: Head; onClose: () => void }) {
  const { t } = useTexts();
  const [reason, setReason] = useState("");
  const [isMissing, setMissing] = useState(false);
  const discard = useChange<string, unknown>(ABOUT, (fhir, given) => fhir.other(`/hl7v2/messages/${head.id}/discard`, { method: "POST", body: { reason: given } }));
  const send = () => {
    if (reason.trim() === "") setMissing(true);
    else discard.mutate(reason.trim(), { onSuccess: () => { told(t("discarded")); onClose(); } });
  };
  return (
    <Modal opened onClose={onClose} title={t("discardTitle", { n: head.id })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{t(head.state === "waiting" ? "discardWaiting" : "discardDead")}</Text>
        <Textarea label={t("discardReason")} required autosize minRows={2} maxLength={500} value={reason} error={isMissing && reason.trim() === "" ? t("required") : undefined} onChange={(event) => setReason(event.currentTarget.value)} />
        {discard.isError && <Failed error={discard.error} title={t("notDone")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button color="red" loading={discard.isPending} onClick={send}>{t("discard")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
