import { Alert, Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { Bundle, Patient } from "fhir/r4";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { isAbout } from "../../shared/fhir/queries.ts";
import { moment, time } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { NotYet } from "../../shared/forms/NotYet.tsx";
import { told } from "../../shared/forms/saving.ts";
import { useRetry } from "../../shared/forms/useRetry.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Candidates } from "./Candidates.tsx";
import { errorsOf } from "./checks.ts";
import { fieldsOf, patientOf, REGISTRATION, type Fields } from "./fields.ts";
import { candidatesOf, type Candidate } from "./match.ts";
import { PersonForm } from "./PersonForm.tsx";
import { canonical } from "./threeWay.ts";
import { useWarning } from "./useWarning.ts";

/** What is typed, and the number of this registration: it stays the same however often it is sent. */
interface Form {
  id: string;
  fields: Fields;
}
const empty = (): Form => ({ id: crypto.randomUUID(), fields: fieldsOf() });

const isSamePerson = (one: Patient, other: Patient) => canonical([one.name, one.birthDate, one.gender]) === canonical([other.name, other.birthDate, other.gender]);

/** Registers a patient: first it is looked whether the person has a record already. */
export default function NewPatient() {
  const { t, language } = useTexts();
  const { fhir } = useSmart();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [form, setForm] = useState(empty);
  const [isTouched, setTouched] = useState(false);
  const [isTried, setTried] = useState(false);
  const [alike, setAlike] = useState<readonly Candidate[]>();
  const draft = useDraft("person/new", form, (kept) => {
    setForm(kept);
    setTouched(true);
  }, isTouched);
  useWarning(isTouched);
  const errors = errorsOf(form.fields);
  const base: Patient = { resourceType: "Patient", active: true, identifier: [{ use: "secondary", system: REGISTRATION, value: form.id }] };
  const typed = patientOf(form.fields, base, language, t);

  const create = useRetry(async () => {
    const made = await fhir.create<Patient>(typed, `identifier=${REGISTRATION}|${form.id}`);
    if (!isSamePerson(made, typed)) {
      // An earlier registration was stored, its answer was lost, and somebody else was typed over it.
      setForm({ ...form, id: crypto.randomUUID() });
      setAlike(undefined);
      throw new Error(t("registeredOther", { name: formalName(made.name) }));
    }
    setTouched(false);
    await draft.clear();
    await queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["Patient"]) });
    told(t("registered", { name: formalName(made.name) }));
    go(`/patients/${made.id}`);
  });
  const look = useRetry(async () => {
    const found = candidatesOf(await fhir.operation<Bundle>("Patient/$match", typed));
    if (found.length > 0) setAlike(found);
    else create.run();
  });
  const change = (more: Partial<Fields>) => {
    setTouched(true);
    setForm((before) => ({ ...before, fields: { ...before.fields, ...more } }));
  };
  const check = () => {
    setTried(true);
    if (Object.keys(errors).length > 0) requestAnimationFrame(() => document.querySelector<HTMLElement>("#content [aria-invalid=true]")?.focus());
    else look.run();
  };
  const discard = () => {
    setForm(empty());
    setTouched(false);
    setTried(false);
    void draft.clear();
  };
  const trouble = <>
    <NotYet trouble={look.trouble} isBusy={look.isBusy} onNow={look.run} onStop={look.stop} />
    <NotYet trouble={create.trouble} isBusy={create.isBusy} onNow={create.run} onStop={create.stop} />
  </>;
  return (
    <Stack gap="sm" maw={900}>
      <Anchor component={Link} href="/search" size="sm">{t("backTo", { where: t("findPatient") })}</Anchor>
      <Title order={1}>{t("register")}</Title>
      {alike !== undefined ? (
        <>
          {trouble}
          <Candidates typed={typed} found={alike} isBusy={create.isBusy} onBack={() => setAlike(undefined)} onNew={create.run} onOpen={(id) => void draft.clear().then(() => go(`/patients/${id}`))} />
        </>
      ) : (
        <>
          {draft.restoredAt !== undefined && <Alert color="gray" role="status">{t("draftBack", { time: moment(draft.restoredAt) })}</Alert>}
          <form noValidate onSubmit={(event) => { event.preventDefault(); check(); }}>
            <Stack gap="md">
              <PersonForm fields={form.fields} errors={isTried ? errors : {}} onChange={change} />
              {trouble}
              <Group justify="space-between">
                <Text size="xs" c="dimmed" role="status">{draft.keptAt === undefined ? "" : t("draftKept", { time: time(new Date(draft.keptAt)) })}</Text>
                <Group gap="xs">
                  {isTouched && <Button variant="subtle" color="red" onClick={discard}>{t("draftDrop")}</Button>}
                  <Button type="submit" loading={look.isBusy || create.isBusy}>{t("registerCheck")}</Button>
                </Group>
              </Group>
            </Stack>
          </form>
        </>
      )}
    </Stack>
  );
}
