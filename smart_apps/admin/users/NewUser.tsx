import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Refused } from "../people/Confirm.tsx";
import type { User } from "../people/users.ts";
import { PractitionerPicker } from "./PractitionerPicker.tsx";
import { RolePicker } from "./RolePicker.tsx";

/** Another account: a name to sign in with, who it belongs to, roles, and maybe a first password. */
export default function NewUser({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const [, go] = useLocation();
  const [values, setValues] = useState<{ name: string; display: string; fhirUser: string | null; roles: string[]; password: string }>({ name: "", display: "", fhirUser: null, roles: [], password: "" });
  const [isTried, setTried] = useState(false);
  const make = useChange<undefined, User>(["User"], (fhir) => fhir.other<User>("/admin/users", {
    method: "POST",
    body: { name: values.name.trim(), display: values.display.trim(), roles: values.roles, ...(values.fhirUser === null ? {} : { fhirUser: values.fhirUser }), ...(values.password === "" ? {} : { password: values.password }) },
  }));
  const send = () => {
    setTried(true);
    if (values.name.trim() === "") return;
    make.mutate(undefined, {
      onSuccess: (user) => {
        told(t("userAdded", { name: user.name }));
        onClose();
        go(`/users/${user.id}`);
      },
    });
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t("addUser")} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={(event) => { event.preventDefault(); send(); }}>
        <Stack>
          <TextInput label={t("userName")} description={t("userNameHint")} withAsterisk autoComplete="off" value={values.name} onChange={(event) => setValues({ ...values, name: event.currentTarget.value })} error={isTried && values.name.trim() === "" ? t("userNameMissing") : undefined} data-autofocus />
          <PractitionerPicker value={values.fhirUser} onChange={(fhirUser, name) => setValues({ ...values, fhirUser, display: values.display === "" ? name : values.display })} />
          <TextInput label={t("displayName")} description={t("displayNameHint")} value={values.display} onChange={(event) => setValues({ ...values, display: event.currentTarget.value })} />
          <RolePicker value={values.roles} onChange={(roles) => setValues({ ...values, roles })} />
          <PasswordInput label={t("firstPassword")} description={t("firstPasswordHint")} autoComplete="new-password" value={values.password} onChange={(event) => setValues({ ...values, password: event.currentTarget.value })} visibilityToggleButtonProps={{ "aria-label": t("showPassword") }} />
          {values.roles.length === 0 && <Text size="sm">{t("noRolesMeans")}</Text>}
          <Refused error={make.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={make.isPending}>{t("addUser")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
