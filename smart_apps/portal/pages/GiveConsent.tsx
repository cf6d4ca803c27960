import { Button, Group, Modal, NativeSelect, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Consent, Patient, Practitioner } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useChange, useSearch } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { isoDay, isoNow } from "../../shared/format/dates.ts";
import { plainName } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { denial, PARTS } from "../consents.ts";

const PAUSE_MS = 250;

/** Whom the patient doesn't want to see what, and until when. */
export default function GiveConsent({ patient, onClose }: { patient: Stored<Patient>; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [typed, setTyped] = useState("");
  const [name] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const [person, setPerson] = useState<{ reference: string; name: string }>();
  const [part, setPart] = useState("all");
  const [until, setUntil] = useState("");
  const [isAsked, setAsked] = useState(false);
  // The same for each try, so that a second one makes no second consent.
  const [identifier] = useState(() => `urn:uuid:${crypto.randomUUID()}`);
  const query = useSearch<Practitioner>("Practitioner", name.length < 2 ? undefined : { name, _count: 10 }, { keep: true });
  const make = useChange<Consent, unknown>(["Consent"], (fhir, consent) => fhir.create(consent, `identifier=${encodeURIComponent(identifier)}`));
  const save = () => {
    setAsked(true);
    if (person === undefined) return;
    const made = denial({ patient: patient.id, by: session.grant.fhirUser ?? `Patient/${patient.id}`, person: person.reference, name: person.name, part, until, at: isoNow(), identifier });
    make.mutate(made, { onSuccess: () => { told(t("saved")); onClose(); } });
  };
  return (
    <Modal opened onClose={onClose} title={t("keepOut")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <TextInput label={t("whom")} description={t("whomHint")} withAsterisk value={typed} data-autofocus onChange={(event) => { setTyped(event.currentTarget.value); setPerson(undefined); }} error={isAsked && person === undefined ? t("choosePerson") : undefined} />
        {name.length >= 2 && (
          <Loaded query={query} lines={2}>
            {(bundle) => {
              const found = resourcesOf<Stored<Practitioner>>(bundle, "Practitioner");
              if (found.length === 0) return <Text size="sm">{t("nothingFound")}</Text>;
              return (
                <Radio.Group label={t("choosePerson")} value={person?.reference ?? ""} onChange={(reference) => setPerson({ reference, name: plainName(found.find((one) => `Practitioner/${one.id}` === reference)?.name) })}>
                  <Stack gap="xs" mt={4}>{found.map((one) => <Radio key={one.id} value={`Practitioner/${one.id}`} label={plainName(one.name)} />)}</Stack>
                </Radio.Group>
              );
            }}
          </Loaded>
        )}
        <NativeSelect label={t("whatPart")} value={part} onChange={(event) => setPart(event.currentTarget.value)} data={Object.keys(PARTS).map((one) => ({ value: one, label: t(`part.${one}`) }))} />
        <TextInput type="date" label={t("untilWhen")} description={t("optional")} min={isoDay()} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
        <Text size="sm">{t("careWarning")}</Text>
        {make.isError && <Failed title={t("notSaved")} error={make.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button loading={make.isPending} onClick={save}>{t("decide")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
