import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { ABOUT } from "../asking.ts";

/** An edited copy in the place of a message that came, or that goes out: the message itself stays as it was. */
export default function Copy({ message, list, onClose }: { message: { id: number; text: string | null }; list: "messages" | "sent"; onClose: () => void }) {
  const { t } = useTexts();
  const [, go] = useLocation();
  const original = message.text ?? "";
  const [text, setText] = useState(original);
  const copy = useChange<string, { id: number }>(ABOUT, (fhir, given) => fhir.other(`/hl7v2/${list}/${message.id}/copies`, { method: "POST", body: { text: given } }));
  const send = () => copy.mutate(text, { onSuccess: ({ id }) => { told(t("copied", { n: id })); onClose(); go(`/${list}/${id}`); } });
  return (
    <Modal opened onClose={onClose} size="xl" title={t("copyTitle", { n: message.id })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{t(list === "messages" ? "copyText" : "copyTextSent")}</Text>
        <Textarea label={t("text")} autosize minRows={8} maxRows={20} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} spellCheck={false} value={text} onChange={(event) => setText(event.currentTarget.value)} />
        {copy.isError && <Failed error={copy.error} title={t("notDone")} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button disabled={text === original} loading={copy.isPending} onClick={send}>{t(list === "messages" ? "copySend" : "copySendOut")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
