import { Alert, Anchor, Button, Card, Group, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import type { Parameters, Schedule, Slot } from "fhir/r4";
import { useState } from "react";
import { Link } from "wouter";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { queryOf, type Stored } from "../../shared/fhir/client.ts";
import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { dayOf, instantOf, written } from "../../shared/format/zone.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { counts, horizon, slotMinutes } from "./hours.ts";

/** Slots of the working hours: what is there stays, what is outside of them is closed. */
export function MakeSlots({ schedule: id, isDue, onDone }: { schedule: string; isDue: boolean; onDone: () => void }) {
  const { zone, shown } = useZone();
  const today = dayOf(shown(new Date()));
  const query = useAsk(["Schedule", "Slot"], ["slots of", id, today], async (fhir) => {
    const [schedule, slots] = await Promise.all([
      fhir.read<Schedule>("Schedule", id),
      fhir.search<Slot>("Slot", { schedule: `Schedule/${id}`, start: `ge${written(instantOf(today, zone))}`, _count: 50 }),
    ]);
    return { schedule, minutes: slotMinutes(resourcesOf<Slot>(slots, "Slot")) };
  });
  return <Loaded query={query}>{(data) => <Form key={id} schedule={data.schedule} minutes={data.minutes} today={today} isDue={isDue} onDone={onDone} />}</Loaded>;
}

function Form({ schedule, minutes, today, isDue, onDone }: { schedule: Stored<Schedule>; minutes: number; today: string; isDue: boolean; onDone: () => void }) {
  const { t } = useTexts();
  const [from, setFrom] = useState(today);
  const [until, setUntil] = useState(horizon(schedule, today));
  const [length, setLength] = useState(String(minutes));
  const [gap, setGap] = useState("0");
  const make = useChange<undefined, Parameters>(["Slot"], (fhir) =>
    fhir.operation<Parameters>(`Schedule/${schedule.id}/$generate-slots?${queryOf({ start: from, end: until, minutes: length, gap })}`, { resourceType: "Parameters" }));
  const made = make.data === undefined ? undefined : counts(make.data);
  const isWrong = from === "" || until === "" || until < from;
  return (
    <Card>
      <form noValidate onSubmit={(event) => { event.preventDefault(); if (!isWrong) make.mutate(undefined, { onSuccess: onDone }); }}>
        <Stack gap="sm">
          <Title order={2}>{t("makeSlots")}{schedule.comment !== undefined ? ` · ${schedule.comment}` : words(schedule.serviceType?.[0]) === "" ? "" : ` · ${words(schedule.serviceType?.[0])}`}</Title>
          {isDue && <Alert color="yellow" role="status">{t("makeSlotsDue")}</Alert>}
          <Text size="sm" c="dimmed">{t("makeSlotsText")}</Text>
          <Group align="flex-start" grow preventGrowOverflow={false}>
            <TextInput type="date" label={t("firstDay")} value={from} onChange={(event) => setFrom(event.currentTarget.value)} error={from === "" ? t("required") : undefined} />
            <TextInput type="date" label={t("lastDay")} value={until} onChange={(event) => setUntil(event.currentTarget.value)} error={until === "" ? t("required") : until < from ? t("leaveReversed") : undefined} />
            <Select label={t("slotLength")} allowDeselect={false} value={length} onChange={(value) => setLength(value ?? length)} data={[...new Set([5, 10, 15, 20, 30, 40, 45, 60, 90, minutes])].sort((a, b) => a - b).map((n) => ({ value: String(n), label: t("minutes", { n }) }))} />
            <Select label={t("gap")} allowDeselect={false} value={gap} onChange={(value) => setGap(value ?? gap)} data={[0, 5, 10, 15].map((n) => ({ value: String(n), label: t("minutes", { n }) }))} />
          </Group>
          {make.isError && <Failed title={t("notSaved")} error={make.error} />}
          {made !== undefined && (
            <Alert color={made["taken-outside-hours"] > 0 ? "yellow" : "green"} role="status">
              {t("slotsMade", { created: made.created, closed: made.closed, opened: made.opened, kept: made.kept })}
              {made["taken-outside-hours"] > 0 && (
                <Text size="sm" fw={600}>{t("takenOutside", { n: made["taken-outside-hours"] })} <Anchor component={Link} href={`/?view=list&day=${from}`}>{t("toCalendar")}</Anchor></Text>
              )}
            </Alert>
          )}
          <Group justify="flex-end"><Button type="submit" loading={make.isPending} disabled={isWrong}>{t("makeSlotsDo")}</Button></Group>
        </Stack>
      </form>
    </Card>
  );
}
