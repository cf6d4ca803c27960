import { Alert, Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import type { Patient } from "fhir/r4";
import { Suspense, useRef, useState } from "react";
import { Link, useLocation } from "wouter";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { isAbout } from "../../shared/fhir/queries.ts";
import { moment, time } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { useDraft } from "../../shared/forms/drafts.ts";
import { NotYet } from "../../shared/forms/NotYet.tsx";
import { told } from "../../shared/forms/saving.ts";
import { useRetry } from "../../shared/forms/useRetry.ts";
import { usePatientBatch } from "../../shared/frame/PatientBanner.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import Closed from "../Closed.tsx";
import { errorsOf } from "./checks.ts";
import { fieldsOf, patientOf, type Fields } from "./fields.ts";
import classes from "./form.module.css";
import { PersonForm } from "./PersonForm.tsx";
import { mergedInto, storedNow } from "./survivor.ts";
import { merge, type Merge } from "./threeWay.ts";
import { useMayChange } from "./useMayChange.ts";
import { useWarning } from "./useWarning.ts";

const MergeDialog = part(() => import("./MergeDialog.tsx"));
const MOST_TRIES = 4;
/** Answers for a record that one may not change, or not see any more: it may have been merged. */
const CLOSED = [403, 404, 410];

/** What is typed, and the version that it began with. */
interface Form {
  base: Patient;
  fields: Fields;
}

/** Changes a patient's personal details. */
export default function EditPatient({ patient }: { patient: string }) {
  const { query, patient: who } = usePatientBatch(patient);
  const [known, setKnown] = useState(who);
  if (who !== undefined && who !== known) setKnown(who);
  const isGone = query.data !== undefined && who === undefined;
  if (known === undefined) return isGone ? <Closed patient={patient} onOpened={() => void query.refetch()} /> : <Loading lines={12} />;
  return <Edit id={patient} now={known} isGone={isGone} />;
}

function Edit({ id, now, isGone }: { id: string; now: Patient; isGone: boolean }) {
  const { t, language } = useTexts();
  const { fhir } = useSmart();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const may = useMayChange();
  const [form, setForm] = useState<Form>(() => ({ base: now, fields: fieldsOf(now) }));
  const [isTouched, setTouched] = useState(false);
  const [isTried, setTried] = useState(false);
  const [clash, setClash] = useState<{ merge: Merge; theirs: Stored<Patient> }>();
  const chosen = useRef<{ mine: Patient; base: Patient }>(undefined);
  const draft = useDraft(`person/${id}`, form, (kept) => {
    setForm(kept);
    setTouched(true);
  }, isTouched);
  useWarning(isTouched);
  const errors = errorsOf(form.fields);
  const typed = patientOf(form.fields, form.base, language, t);

  const done = async (made: Stored<Patient>, more: string) => {
    setTouched(false);
    await draft.clear();
    await queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, ["Patient"]) });
    told(`${t("personSaved", { name: formalName(made.name) })}${more}`);
    go(`/patients/${made.id}/details`);
  };
  const saving = useRetry(async () => {
    let { mine, base } = chosen.current ?? { mine: typed, base: form.base };
    chosen.current = undefined;
    let taken: string[] = [];
    let refusal: FhirError | undefined;
    for (let n = 0; n < MOST_TRIES; n += 1) {
      try {
        const made = await fhir.update<Patient>({ ...mine, meta: base.meta });
        await done(made, taken.length === 0 ? "" : ` ${t("tookOver", { what: taken.join(", ") })}`);
        return;
      } catch (error) {
        if (!(error instanceof FhirError) || !(error.isConflict || CLOSED.includes(error.status))) throw error;
        refusal = error;
      }
      const theirs = await storedNow(fhir, base.id ?? id);
      if (theirs.id === base.id && !refusal.isConflict) throw refusal;
      const both = merge(base, mine, theirs);
      if (theirs.id !== base.id || both.asked.length > 0) {
        setClash({ merge: both, theirs });
        return;
      }
      if (both.mine.length === 0) {
        // The answer to an earlier try was lost: it is stored already.
        await done(theirs, "");
        return;
      }
      taken = both.theirs.map((one) => t(`element.${one.element}`));
      mine = both.merged({});
      base = theirs;
    }
    throw refusal ?? new FhirError(412);
  });
  const change = (more: Partial<Fields>) => {
    setTouched(true);
    setForm((before) => ({ ...before, fields: { ...before.fields, ...more } }));
  };
  const save = () => {
    setTried(true);
    if (Object.keys(errors).length > 0) requestAnimationFrame(() => document.querySelector<HTMLElement>("#content [aria-invalid=true]")?.focus());
    else saving.run();
  };
  const settle = (choices: Record<string, "theirs" | "mine">) => {
    if (clash === undefined) return;
    const whole = clash.merge.merged(choices);
    chosen.current = { mine: whole, base: clash.theirs };
    setForm({ base: clash.theirs, fields: fieldsOf(whole) });
    setClash(undefined);
    saving.run();
  };
  const discard = () => {
    setForm({ base: now, fields: fieldsOf(now) });
    setTouched(false);
    void draft.clear();
  };
  const isOld = form.base.id === now.id && form.base.meta?.versionId !== now.meta?.versionId && !saving.isBusy;
  const others = isOld ? merge(form.base, typed, now) : undefined;
  const into = mergedInto(now);
  if (may === undefined) return <Text>{t("mayNotChange")}</Text>;
  return (
    <Stack gap="sm" maw={900}>
      <Anchor component={Link} href={`/patients/${id}/details`} size="sm">{t("backTo", { where: t("details") })}</Anchor>
      <Title order={2}>{t("detailsChange")}</Title>
      {draft.restoredAt !== undefined && <Alert color="gray" role="status">{t("draftBack", { time: moment(draft.restoredAt) })}</Alert>}
      {into !== undefined && <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />}>{t("mergedWhile")} <Anchor component={Link} href={`/patients/${into}/details`}>{t("mergedOpen")}</Anchor></Alert>}
      {isGone && <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />}>{t("goneWhile")}</Alert>}
      {into === undefined && others !== undefined && (others.theirs.length > 0 || others.asked.length > 0) && (
        <Alert role="status" color="yellow" icon={<IconAlertTriangle aria-hidden />}>{t("changedWhile", { what: [...new Set([...others.theirs, ...others.asked].map((one) => t(`element.${one.element}`)))].join(", ") })}</Alert>
      )}
      <form noValidate onSubmit={(event) => { event.preventDefault(); save(); }}>
        <Stack gap="md">
          <PersonForm fields={form.fields} errors={isTried ? errors : {}} only={may === "contact" ? "contact" : undefined} onChange={change} />
          <NotYet trouble={saving.trouble} isBusy={saving.isBusy} onNow={saving.run} onStop={saving.stop} />
          <Group justify="space-between">
            <Text size="xs" c="dimmed" role="status">{draft.keptAt === undefined ? "" : t("draftKept", { time: time(new Date(draft.keptAt)) })}</Text>
            <Group gap="xs">
              {isTouched && <Button variant="subtle" color="red" onClick={discard}>{t("draftDrop")}</Button>}
              <Button type="submit" loading={saving.isBusy} classNames={{ root: classes.long, label: classes.longLabel }}>{t("saveFor", { name: formalName(now.name) })}</Button>
            </Group>
          </Group>
        </Stack>
      </form>
      {clash !== undefined && (
        <Suspense>
          <MergeDialog merge={clash.merge} into={clash.theirs.id === form.base.id ? undefined : clash.theirs} onSave={settle} onClose={() => setClash(undefined)} />
        </Suspense>
      )}
    </Stack>
  );
}
