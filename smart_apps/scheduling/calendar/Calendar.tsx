import { Alert, Select, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Appointment, Patient, Slot } from "fhir/r4";
import { lazy, Suspense, useMemo, useState } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { current } from "../model/appointments.ts";
import { useAppointments, useLabels, useRows, useSlots, useZone } from "../model/data.ts";
import type { Row, Service } from "../model/rows.ts";
import { addDays, dayOf, mondayOf } from "../model/zone.ts";
import type { BookingStart } from "../booking/BookDialog.tsx";
import { AppointmentPanel } from "./AppointmentPanel.tsx";
import { DayList } from "./DayList.tsx";
import type { Moving } from "./MoveDialog.tsx";
import { useCalendarState, type View } from "./state.ts";
import { Toolbar } from "./Toolbar.tsx";

const Grid = lazy(() => import("./Grid.tsx"));
const MoveDialog = lazy(() => import("./MoveDialog.tsx"));
const BookDialog = lazy(() => import("../booking/BookDialog.tsx"));
/** So many rows are shown as it comes. */
const FIRST = 16;
const NO_SLOTS: Slot[] = [];

/** Everybody's and everything's time: as a grid of a day or week, or as a list. */
export default function Calendar() {
  const rows = useRows();
  return <Loaded query={rows} lines={8}>{(data) => <OfRows rows={data.rows} services={data.services} isWhole={data.isWhole} />}</Loaded>;
}

function OfRows({ rows, services, isWhole }: { rows: Row[]; services: Service[]; isWhole: boolean }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMe();
  const { zone, isElsewhere, shown } = useZone();
  const [state, change] = useCalendarState();
  // A grid of a day doesn't fit a phone: there it is a list for each person.
  const isNarrow = useMediaQuery("(max-width: 61.99em)", window.innerWidth < 992, { getInitialValueInEffect: false });
  const view: View = isNarrow ? "list" : (state.view ?? "day");
  const now = new Date();
  const today = dayOf(shown(now));
  const day = state.day ?? today;
  const labels = useLabels(rows);

  const mine = rows.filter((row) => row.ref === session.grant.fhirUser);
  const isReception = me?.roles.includes("reception") === true;
  const asItComes = mine.length > 0 && !isReception ? mine : rows.slice(0, FIRST);
  const chosen = state.of === undefined ? asItComes : rows.filter((row) => state.of?.includes(row.ref));
  const seen = view === "week" ? chosen.filter((row) => row.ref === (state.of?.find((ref) => chosen.some((one) => one.ref === ref)) ?? chosen[0]?.ref)) : chosen;
  const first = view === "week" ? mondayOf(day) : day;
  const until = addDays(first, view === "week" ? 7 : 1);
  const refs = seen.map((row) => row.ref);
  const appointments = useAppointments(seen.length > 0 ? refs : undefined, first, until, zone, state.alsoCancelled);
  const slots = useSlots(seen.length > 0 && view !== "list" ? seen.flatMap((row) => row.schedules) : undefined, first, until, zone);

  const [moving, setMoving] = useState<Moving>();
  const [booking, setBooking] = useState<BookingStart>();
  const found = useMemo(() => current(appointments.data?.appointments ?? [], new Date()) as Stored<Appointment>[], [appointments.data]);
  const patients = appointments.data?.patients ?? new Map<string, Patient>();
  const mayBook = session.allows("Appointment", "c");
  const mayMove = session.allows("Appointment", "u");

  return (
    <Stack gap="sm">
      <Toolbar
        rows={rows} chosen={chosen} view={view} isNarrow={isNarrow} day={day} today={today} alsoCancelled={state.alsoCancelled}
        onChange={change}
        onBook={mayBook ? () => setBooking({ rows: mine.length > 0 && !isReception ? mine : [], day: day < today ? today : day }) : undefined}
      />
      {isElsewhere && <Text size="sm" c="dimmed">{t("clinicTime", { zone })}</Text>}
      {view === "week" && seen[0] !== undefined && (
        <Select
          aria-label={t("calendarOf")} maw={360} searchable allowDeselect={false} nothingFoundMessage={t("nothingFound")} value={seen[0].ref}
          data={rows.map((row) => ({ value: row.ref, label: row.label }))}
          onChange={(ref) => { if (ref !== null) change({ of: [ref, ...chosen.map((row) => row.ref).filter((one) => one !== ref)] }); }}
        />
      )}
      {!isWhole && <Alert color="yellow">{t("tooManyRows")}</Alert>}
      {appointments.data?.isWhole === false && <Alert color="yellow" role="alert">{t("tooManyAppointments")}</Alert>}
      {rows.length === 0 && <Empty title={t("noSchedules")}>{t("noSchedulesHint")}</Empty>}
      {rows.length > 0 && seen.length === 0 && <Empty title={t("nobodyChosen")} />}
      {seen.length > 0 && (
        <Loaded query={appointments} lines={8}>
          {() => view === "list"
            ? <DayList rows={seen} appointments={found} patients={patients} labels={labels} day={day} onOpen={(id) => change({ open: id })} />
            : (
              <Suspense fallback={<Loading lines={8} />}>
                <Grid
                  view={view} day={day} rows={seen} appointments={found} patients={patients} labels={labels} slots={slots.data ?? NO_SLOTS}
                  mayMove={mayMove} onOpen={(id) => change({ open: id })}
                  onFree={(row, at) => { if (mayBook) setBooking({ rows: [row], day: at.slice(0, 10), at }); }}
                  onMove={setMoving}
                />
              </Suspense>
            )}
        </Loaded>
      )}
      {state.open !== undefined && (
        <AppointmentPanel
          id={state.open} rows={rows} onClose={() => change({ open: undefined })}
          onMove={(appointment) => { change({ open: undefined }); setMoving({ appointment }); }}
        />
      )}
      <Suspense>
        {moving !== undefined && <MoveDialog moving={moving} rows={rows} onClose={() => setMoving(undefined)} />}
        {booking !== undefined && <BookDialog start={booking} rows={rows} services={services} onClose={() => setBooking(undefined)} />}
      </Suspense>
    </Stack>
  );
}
