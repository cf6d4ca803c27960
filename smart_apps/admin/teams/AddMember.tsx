import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { CareTeam, Reference } from "fhir/r4";
import { useState } from "react";

import { useChange } from "../../shared/fhir/queries.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Refused } from "../people/Confirm.tsx";
import { PractitionerPicker } from "../users/PractitionerPicker.tsx";
import { withMember } from "./teams.ts";

/** Somebody of the staff comes into a team. */
export default function AddMember({ team, onClose }: { team: CareTeam; onClose: () => void }) {
  const { t } = useTexts();
  const [member, setMember] = useState<Reference>();
  const [isTried, setTried] = useState(false);
  const change = useChange<Reference, unknown>(["CareTeam"], (fhir, who) => fhir.update(withMember(team, who, isoNow())));
  const send = () => {
    setTried(true);
    if (member === undefined || change.isPending) return;
    change.mutate(member, { onSuccess: () => { told(t("memberAdded", { who: member.display ?? "", name: team.name ?? "" })); onClose(); } });
  };
  return (
    <Modal opened onClose={onClose} title={t("addMemberTo", { name: team.name ?? "" })} closeButtonProps={{ "aria-label": t("close") }}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); send(); }}>
        <Stack>
          <PractitionerPicker
            label={t("member")} hint={t("memberHint")} error={isTried && member === undefined ? t("memberMissing") : undefined}
            value={member?.reference ?? null} onChange={(reference, name) => setMember(reference === null ? undefined : { reference, display: name })}
          />
          <Text size="sm">{t("addMemberMeans")}</Text>
          <Refused error={change.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={change.isPending}>{t("addMember")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
