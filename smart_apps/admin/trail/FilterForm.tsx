import { Button, Group, NativeSelect, SimpleGrid, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useLocation } from "wouter";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { PatientPicker } from "../people/PatientPicker.tsx";
import { PersonPicker } from "../people/PersonPicker.tsx";
import { useMayNamePatients } from "../people/rights.ts";
import { useUsersOf } from "../people/users.ts";
import { addressOf, OUTCOMES, WHATS, type Filter, type Outcome, type What } from "./filter.ts";

const NONE: Filter = { who: "", patient: "", from: "", to: "", what: "", outcome: "" };

/** What to look for. It is searched when that is asked for: each search is on record itself. */
export function FilterForm({ filter }: { filter: Filter }) {
  const { t } = useTexts();
  const [, go] = useLocation();
  const isOfficer = useMayNamePatients();
  const [values, setValues] = useState(filter);
  const set = (change: Partial<Filter>) => setValues({ ...values, ...change });
  // Links name people as the records do.
  const isReference = values.who.includes("/");
  const listed = useUsersOf(isReference ? [{ reference: values.who }] : []);
  const who = isReference ? (listed?.[0]?.id ?? null) : values.who === "" ? null : values.who;
  const isUnlisted = isReference && who === null && listed !== undefined;
  const moments = [values.from, values.to].filter((one) => one.includes("T"));
  return (
    <form className="fs-noprint" aria-label={t("trailSearch")} onSubmit={(event) => {
      event.preventDefault();
      go(`/trail?${addressOf(values)}`);
    }}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        <PersonPicker label={t("person")} description={isUnlisted ? t("personUnlisted", { who: values.who }) : undefined} value={who} onChange={(id) => set({ who: id ?? "" })} />
        {isOfficer && <PatientPicker label={t("patientBanner")} value={values.patient === "" ? null : values.patient} onChange={(id) => set({ patient: id ?? "" })} />}
        <NativeSelect label={t("whatWasDone")} value={values.what} onChange={(event) => set({ what: event.currentTarget.value as What | "" })} data={[{ value: "", label: t("anything") }, ...Object.keys(WHATS).map((one) => ({ value: one, label: t(`what.${one}`) }))]} />
        <TextInput type="date" label={t("from")} value={values.from.slice(0, 10)} onChange={(event) => set({ from: event.currentTarget.value })} />
        <TextInput type="date" label={t("to")} value={values.to.slice(0, 10)} onChange={(event) => set({ to: event.currentTarget.value })} />
        <NativeSelect label={t("outcome")} value={values.outcome} onChange={(event) => set({ outcome: event.currentTarget.value as Outcome | "" })} data={[{ value: "", label: t("anyOutcome") }, ...Object.keys(OUTCOMES).map((one) => ({ value: one, label: t(`outcomeIs.${one}`) }))]} />
      </SimpleGrid>
      {moments.length > 0 && <Text size="sm" mt="xs">{t("exactly", { from: moment(values.from) || "…", to: moment(values.to) || "…" })}</Text>}
      <Group gap="xs" mt="sm">
        <Button type="submit" leftSection={<IconSearch size={18} aria-hidden />}>{t("searchTrail")}</Button>
        <Button variant="default" onClick={() => { setValues(NONE); go("/trail"); }}>{t("clearAll")}</Button>
      </Group>
    </form>
  );
}
