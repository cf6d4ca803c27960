import { Button, Group, Modal, MultiSelect, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Refused } from "../people/Confirm.tsx";
import { shownName, type User } from "../people/users.ts";
import { holdingFor, usePolicies } from "../policies/policies.ts";
import { useOptional } from "../trail/sentence.ts";
import { changesOf } from "./changes.ts";
import { PractitionerPicker } from "./PractitionerPicker.tsx";
import { RolePicker } from "./RolePicker.tsx";

/** Who an account is and what it may do; what that gives and takes is told before. */
export default function EditUser({ user, onClose }: { user: User; onClose: () => void }) {
  const { t, language } = useTexts();
  const [values, setValues] = useState({ display: user.display, fhirUser: user.fhirUser, roles: user.roles, clearances: user.clearances });
  const optional = useOptional();
  const policies = usePolicies();
  const known = useAsk<string[]>([], ["clearances"], async (fhir) => (await fhir.other<{ clearances: string[] }>("/admin/clearances")).clearances);
  const changes = changesOf(user, values);
  const save = useChange<undefined, unknown>(["User"], (fhir) => fhir.other(`/admin/users/${user.id}`, { method: "PATCH", body: { ...changes, updated: user.updated } }));
  const titles = (roles: readonly string[]) => holdingFor(policies.data ?? [], roles).map((policy) => policy.title ?? policy.name);
  const [before, after] = [titles(user.roles), titles(values.roles)];
  const list = (names: string[]) => new Intl.ListFormat(language).format(names);
  const gained = after.filter((one) => !before.includes(one));
  const lost = before.filter((one) => !after.includes(one));
  return (
    <Modal opened onClose={onClose} size="lg" title={t("changeUser", { name: shownName(user) })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <RolePicker value={values.roles} onChange={(roles) => setValues({ ...values, roles })} />
        <div role="status">
          {gained.length > 0 && <Text size="sm">{t("gains", { what: list(gained) })}</Text>}
          {lost.length > 0 && <Text size="sm">{t("loses", { what: list(lost) })}</Text>}
        </div>
        <PractitionerPicker value={values.fhirUser} onChange={(fhirUser) => setValues({ ...values, fhirUser })} />
        <TextInput label={t("displayName")} description={t("displayNameHint")} value={values.display} onChange={(event) => setValues({ ...values, display: event.currentTarget.value })} />
        <MultiSelect
          label={t("clearances")} description={t("clearancesHint")} searchable hidePickedOptions clearable value={values.clearances} onChange={(clearances) => setValues({ ...values, clearances })}
          data={[...new Set([...(known.data ?? []), ...values.clearances])].map((code) => ({ value: code, label: [code, optional(`clearance.${code}`)].filter(Boolean).join(": ") }))} error={known.isError ? t("clearancesUnread") : undefined} nothingFoundMessage={known.isPending ? t("loading") : t("nothingFound")} clearButtonProps={{ "aria-label": t("clearOf", { what: t("clearances") }) }}
        />
        <Text size="sm">{t("changeHolds")}</Text>
        <Refused error={save.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button disabled={Object.keys(changes).length === 0} loading={save.isPending} onClick={() => save.mutate(undefined, { onSuccess: () => { told(t("saved")); onClose(); } })}>{t("save")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
