import { ActionIcon, Button, Checkbox, Chip, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { PractitionerRole } from "fhir/r4";
import { useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { Conflict } from "../../shared/forms/Conflict.tsx";
import { useDraft } from "../../shared/forms/drafts.ts";
import { told } from "../../shared/forms/saving.ts";
import { day as dayText } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { changed, DAYS, fault, hoursOf, leaveOf, type Hours, type Leave } from "./hours.ts";
import classes from "./hours.module.css";

interface Values {
  hours: Hours[];
  leave: Leave[];
}

/** Hours and leave of one role, to be read or changed. */
export function RoleHours({ role, mayEdit, onSaved }: { role: Stored<PractitionerRole>; mayEdit: boolean; onSaved: () => void }) {
  const { t } = useTexts();
  const [values, setValues] = useState<Values>();
  const [base, setBase] = useState(role);
  const [isTried, setTried] = useState(false);
  const [theirs, setTheirs] = useState<Stored<PractitionerRole>>();
  const shown = values ?? { hours: hoursOf(role), leave: leaveOf(role) };
  const draft = useDraft(`hours/${role.id}`, shown, (kept) => setValues(kept), values !== undefined);
  const save = useChange<Stored<PractitionerRole>, Stored<PractitionerRole>>(["PractitionerRole"], (fhir, of) => fhir.update(changed(of, shown.hours, shown.leave)));
  const read = useChange<undefined, Stored<PractitionerRole>>([], (fhir) => fhir.read<PractitionerRole>("PractitionerRole", role.id));
  const edit = (made: Partial<Values>) => {
    if (values === undefined) setBase(role);
    setValues({ ...shown, ...made });
  };
  const isWrong = shown.hours.some((one) => fault(one) !== undefined) || shown.leave.some((one) => leaveFault(one) !== undefined);
  const done = () => {
    setValues(undefined);
    setTried(false);
    void draft.clear();
  };
  const submit = (of: Stored<PractitionerRole>) => {
    setTried(true);
    if (isWrong) return;
    save.mutate(of, {
      onSuccess: () => { done(); told(t("hoursSaved")); onSaved(); },
      onError: (error) => { if (error instanceof FhirError && error.status === 412) read.mutate(undefined, { onSuccess: setTheirs }); },
    });
  };
  const put = (n: number, made: Partial<Hours>) => edit({ hours: shown.hours.map((one, at) => (at === n ? { ...one, ...made } : one)) });
  const putLeave = (n: number, made: Partial<Leave>) => edit({ leave: shown.leave.map((one, at) => (at === n ? { ...one, ...made, stored: undefined } : one)) });

  if (!mayEdit) return <Read hours={shown.hours} leave={shown.leave} />;
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); submit(base); }}>
      <Stack gap="sm">
        <Title order={3}>{t("workingHours")}</Title>
        {shown.hours.length === 0 && <Text size="sm" c="dimmed">{t("noHours")}</Text>}
        {shown.hours.map((one, n) => {
          const wrong = isTried ? fault(one) : undefined;
          return (
            <fieldset key={n} className={classes.hours}>
              <legend className="fs-hidden">{t("workingHours")} {n + 1}</legend>
              <Chip.Group multiple value={one.days} onChange={(days) => put(n, { days: days })}>
                <Group gap={4}>{DAYS.map((day) => <Chip key={day} value={day} size="sm">{t(`weekday.${day}`)}</Chip>)}</Group>
              </Chip.Group>
              <Group gap="xs" align="flex-end">
                <Checkbox label={t("allDay")} checked={one.allDay} onChange={(event) => put(n, { allDay: event.currentTarget.checked })} mb={8} />
                {!one.allDay && <TextInput type="time" label={t("fromTime")} value={one.from} onChange={(event) => put(n, { from: event.currentTarget.value })} />}
                {!one.allDay && <TextInput type="time" label={t("toTime")} value={one.to} onChange={(event) => put(n, { to: event.currentTarget.value })} />}
                <ActionIcon variant="default" size="lg" aria-label={t("removeHours", { n: n + 1 })} onClick={() => edit({ hours: shown.hours.filter((_, at) => at !== n) })}><IconTrash size={18} aria-hidden /></ActionIcon>
              </Group>
              {!one.allDay && one.to !== "" && one.to <= one.from && <Text size="sm" c="dimmed">{t("nextDay")}</Text>}
              {wrong !== undefined && <Text size="sm" c="var(--mantine-color-error)" role="alert">{t(wrong)}</Text>}
            </fieldset>
          );
        })}
        <Group><Button size="xs" variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => edit({ hours: [...shown.hours, { days: [], allDay: false, from: "", to: "" }] })}>{t("addHours")}</Button></Group>
        <Title order={3}>{t("leave")}</Title>
        {shown.leave.length === 0 && <Text size="sm" c="dimmed">{t("noLeave")}</Text>}
        {shown.leave.map((one, n) => {
          const wrong = isTried ? leaveFault(one) : undefined;
          return (
            <div key={n}>
              <Group gap="xs" align="flex-end">
                <TextInput label={t("leaveWhat")} value={one.what} maxLength={100} onChange={(event) => putLeave(n, { what: event.currentTarget.value })} />
                <TextInput type="date" label={t("firstDay")} value={one.first} onChange={(event) => putLeave(n, { first: event.currentTarget.value })} />
                <TextInput type="date" label={t("lastDay")} value={one.last} min={one.first} onChange={(event) => putLeave(n, { last: event.currentTarget.value })} />
                <ActionIcon variant="default" size="lg" aria-label={t("removeLeave", { what: one.what })} onClick={() => edit({ leave: shown.leave.filter((_, at) => at !== n) })}><IconTrash size={18} aria-hidden /></ActionIcon>
              </Group>
              {wrong !== undefined && <Text size="sm" c="var(--mantine-color-error)" role="alert">{t(wrong)}</Text>}
            </div>
          );
        })}
        <Group><Button size="xs" variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => edit({ leave: [...shown.leave, { what: "", first: "", last: "" }] })}>{t("addLeave")}</Button></Group>
        {save.isError && theirs === undefined && <Failed title={t("notSaved")} error={save.error} />}
        {values !== undefined && (
          <Group justify="flex-end">
            <Button variant="default" onClick={done}>{t("discard")}</Button>
            <Button type="submit" loading={save.isPending}>{t("save")}</Button>
          </Group>
        )}
      </Stack>
      {theirs !== undefined && (
        <Conflict
          differences={[
            { field: t("workingHours"), theirs: hoursInWords(hoursOf(theirs)), mine: hoursInWords(shown.hours) },
            { field: t("leave"), theirs: leaveInWords(leaveOf(theirs)), mine: leaveInWords(shown.leave) },
          ]}
          onClose={() => setTheirs(undefined)}
          onTake={() => { setTheirs(undefined); save.reset(); done(); }}
          onKeep={() => { const now = theirs; setTheirs(undefined); setBase(now); submit(now); }}
        />
      )}
    </form>
  );

  function hoursInWords(hours: readonly Hours[]): string {
    return hours.map((one) => `${one.days.map((day) => t(`weekday.${day}`)).join(" ")} ${one.allDay ? t("allDay") : `${one.from}–${one.to}`}`).join("; ") || t("noHours");
  }

  function leaveInWords(leave: readonly Leave[]): string {
    return leave.map((one) => `${one.what} ${dayText(one.first)} – ${dayText(one.last)}`).join("; ") || t("noLeave");
  }
}

function leaveFault(leave: Leave): string | undefined {
  if (leave.stored !== undefined) return undefined;
  if (leave.what.trim() === "" || leave.first === "" || leave.last === "") return "leaveNotWhole";
  return leave.last < leave.first ? "leaveReversed" : undefined;
}

function Read({ hours, leave }: Values) {
  const { t } = useTexts();
  return (
    <Stack gap="xs" mt="xs">
      <Title order={3}>{t("workingHours")}</Title>
      {hours.length === 0 ? <Text size="sm" c="dimmed">{t("noHours")}</Text> : hours.map((one, n) => (
        <Text key={n} size="sm">{one.days.map((day) => t(`weekday.${day}`)).join(", ")} <strong>{one.allDay ? t("allDay") : `${one.from}–${one.to}`}</strong></Text>
      ))}
      <Title order={3}>{t("leave")}</Title>
      {leave.length === 0 ? <Text size="sm" c="dimmed">{t("noLeave")}</Text> : leave.map((one, n) => <Text key={n} size="sm">{one.what}: {dayText(one.first)} – {dayText(one.last)}</Text>)}
      <Text size="sm" c="dimmed">{t("receptionChanges")}</Text>
    </Stack>
  );
}
