import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { useChange } from "../../shared/fhir/queries.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Refused } from "../people/Confirm.tsx";
import { ENTRY, teamOf } from "./teams.ts";

/** Another standing team, made once however often it is sent. Its members come next. */
export default function NewTeam({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const [name, setName] = useState("");
  const [isTried, setTried] = useState(false);
  const [id] = useState(() => crypto.randomUUID());
  const make = useChange<undefined, unknown>(["CareTeam"], (fhir) => fhir.create(teamOf(name, id, isoNow()), `identifier=${ENTRY}|${id}`));
  const send = () => {
    setTried(true);
    if (name.trim() === "" || make.isPending) return;
    make.mutate(undefined, { onSuccess: () => { told(t("teamMade", { name: name.trim() })); onClose(); } });
  };
  return (
    <Modal opened onClose={onClose} title={t("newTeam")} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); send(); }}>
        <Stack>
          <TextInput label={t("teamName")} description={t("teamNameHint")} withAsterisk maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} error={isTried && name.trim() === "" ? t("teamNameMissing") : undefined} data-autofocus />
          <Refused error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={make.isPending}>{t("makeTeam")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
