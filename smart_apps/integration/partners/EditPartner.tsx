import { Button, Checkbox, Group, Modal, NativeSelect, Stack, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import type { Endpoint } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { Further } from "../../shared/forms/Further.tsx";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { ABOUT } from "../asking.ts";
import { endpointOf, entryOf, MEMBERS, problemsOf, type Entry, type Kind, type Member } from "./members.ts";

/** Enters a system as an Endpoint, or changes its entry; what it says holds for what comes from then on. */
export default function EditPartner({ endpoint, kind, onClose }: { endpoint?: Stored<Endpoint>; kind: Kind; onClose: () => void }) {
  const { t } = useTexts();
  const [entry, setEntry] = useState<Entry>(() => entryOf(endpoint, kind));
  const [isTried, setTried] = useState(false);
  const problems = problemsOf(entry, kind);
  const save = useChange<Entry, unknown>([...ABOUT, "Endpoint"], (fhir, given) => {
    const made = endpointOf(endpoint, kind, given);
    return endpoint === undefined ? fhir.create<Endpoint>(made) : fhir.update<Endpoint>(made);
  });
  const send = () => {
    setTried(true);
    if (problems.length === 0) save.mutate(entry, { onSuccess: () => { told(t("partnerSaved", { name: entry.name.trim() })); onClose(); } });
  };
  const errorOf = (what: string, text: string) => (isTried && problems.includes(what) ? t(text) : undefined);
  const set = (url: string, given: string[]) => setEntry({ ...entry, values: { ...entry.values, [url]: given } });
  const field = (member: Member) => <Field key={member.url} kind={kind} member={member} value={entry.values[member.url] ?? []} error={errorOf(`member ${member.url}`, member.as === "valuePositiveInt" ? "notANumber" : typeof member.as === "string" ? "required" : "notAPair")} onChange={(given) => set(member.url, given)} />;
  const behind = MEMBERS[kind].filter((member) => member.isMain !== true);
  const isBehindOpen = behind.some((member) => (entry.values[member.url] ?? []).length > 0) || (isTried && behind.some((member) => problems.includes(`member ${member.url}`)));
  const error = save.error instanceof FhirError && save.error.isConflict ? new Error(t("changedMeanwhile")) : save.error;
  return (
    <Modal opened onClose={onClose} size="lg" title={endpoint === undefined ? t(`addPartner.${kind}`) : t("changePartner", { name: endpoint.name ?? endpoint.id })} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={(event) => { event.preventDefault(); send(); }}>
        <Stack gap="sm">
          <TextInput label={t("partnerName")} withAsterisk value={entry.name} onChange={(event) => setEntry({ ...entry, name: event.currentTarget.value })} error={errorOf("name", "required")} data-autofocus />
          <TextInput label={t("partnerAddress")} description={t(`partnerAddressHint.${kind}`)} withAsterisk value={entry.address} onChange={(event) => setEntry({ ...entry, address: event.currentTarget.value })} error={errorOf("address", `partnerAddressHint.${kind}`)} />
          {MEMBERS[kind].filter((member) => member.isMain === true).map(field)}
          <Further label={t("furtherMembers")} isOpen={isBehindOpen}>{behind.map(field)}</Further>
          <Switch label={t("partnerOn")} description={t("partnerOnHint")} checked={entry.isOn} onChange={(event) => setEntry({ ...entry, isOn: event.currentTarget.checked })} />
          <Text size="sm" c="dimmed">{t("partnerHolds")}</Text>
          {save.isError && <Failed error={error} title={t("notDone")} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button type="submit" loading={save.isPending}>{t("save")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** One member of an entry, by what it can say. */
function Field({ kind, member, value, error, onChange }: { kind: Kind; member: Member; value: string[]; error?: string; onChange: (value: string[]) => void }) {
  const { t } = useTexts();
  const label = t(`member.${member.url}`);
  const description = t(`memberOf.${kind}.${member.url}`);
  if (member.choices !== undefined && member.isList === true) {
    return (
      <Checkbox.Group label={label} description={description} value={value} onChange={onChange} error={error}>
        <Group gap="sm" mt={4}>{member.choices.map((one) => <Checkbox key={one} value={one} label={one} />)}</Group>
      </Checkbox.Group>
    );
  }
  if (member.choices !== undefined) return <NativeSelect label={label} description={description} value={value[0] ?? ""} onChange={(event) => onChange(event.currentTarget.value === "" ? [] : [event.currentTarget.value])} data={[{ value: "", label: t("asUsual") }, ...member.choices]} error={error} />;
  if (member.isList === true) return <TagsInput label={label} description={description} placeholder={value.length === 0 ? member.hint : undefined} value={value} onChange={onChange} splitChars={[","]} error={error} acceptValueOnBlur />;
  return <TextInput label={label} description={description} placeholder={member.hint} withAsterisk={member.isRequired === true} value={value[0] ?? ""} onChange={(event) => onChange(event.currentTarget.value === "" ? [] : [event.currentTarget.value])} error={error} />;
}
