import { Alert, Skeleton, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Appointment, Patient, Slot } from "fhir/r4";
import { Suspense, useEffect, useMemo, useState } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { addDays, dayOf, mondayOf } from "../../shared/format/zone.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { onIntent, part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded, Loading } from "../../shared/states/Loaded.tsx";
import { current } from "../model/appointments.ts";
import { useAppointments, useLabels, useRows, useSlots } from "../model/data.ts";
import type { Row, Service } from "../model/rows.ts";
import type { BookingStart } from "../booking/BookDialog.tsx";
import type { Moving } from "./MoveDialog.tsx";
import { useCalendarState, type View } from "./state.ts";
import { Toolbar } from "./Toolbar.tsx";

const AppointmentPanel = part(() => import("./AppointmentPanel.tsx"));
const DayList = part(() => import("./DayList.tsx"));
const Grid = part(() => import("./Grid.tsx"));
const MoveDialog = part(() => import("./MoveDialog.tsx"));
const BookDialog = part(() => import("../booking/BookDialog.tsx"));
const WeekOf = part(() => import("./WeekOf.tsx"));
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
  // What shows them comes with them, not after them; and what opens them when one is pointed at.
  useEffect(() => (view === "list" ? DayList : Grid).prepare(), [view]);
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
      <div {...(isNarrow ? {} : onIntent(Grid, DayList, WeekOf))}>
        <Toolbar
          rows={rows} chosen={chosen} view={view} isNarrow={isNarrow} day={day} today={today} alsoCancelled={state.alsoCancelled}
          onChange={change} booking={BookDialog}
          onBook={mayBook ? () => setBooking({ rows: mine.length > 0 && !isReception ? mine : [], day: day < today ? today : day }) : undefined}
        />
      </div>
      {isElsewhere && <Text size="sm" c="dimmed">{t("clinicTime", { zone })}</Text>}
      {view === "week" && seen[0] !== undefined && (
        <Suspense fallback={<Skeleton height={36} maw={360} />}>
          <WeekOf rows={rows} of={seen[0]} onChange={(ref) => change({ of: [ref, ...chosen.map((row) => row.ref).filter((one) => one !== ref)] })} />
        </Suspense>
      )}
      {!isWhole && <Alert color="yellow">{t("tooManyRows")}</Alert>}
      {appointments.data?.isWhole === false && <Alert color="yellow" role="alert">{t("tooManyAppointments")}</Alert>}
      {rows.length === 0 && <Empty title={t("noSchedules")}>{t("noSchedulesHint")}</Empty>}
      {rows.length > 0 && seen.length === 0 && <Empty title={t("nobodyChosen")} />}
      {seen.length > 0 && (
        <Loaded query={appointments} lines={8}>
          {() => (
            <div {...onIntent(AppointmentPanel, MoveDialog)}>
              <Suspense fallback={<Loading lines={8} />}>
                {view === "list" ? <DayList rows={seen} appointments={found} patients={patients} labels={labels} day={day} onOpen={(id) => change({ open: id })} /> : (
                  <Grid
                    view={view} day={day} rows={seen} appointments={found} patients={patients} labels={labels} slots={slots.data ?? NO_SLOTS}
                    mayMove={mayMove} onOpen={(id) => change({ open: id })}
                    onFree={(row, at) => { if (mayBook) setBooking({ rows: [row], day: at.slice(0, 10), at }); }}
                    onMove={setMoving}
                  />
                )}
              </Suspense>
            </div>
          )}
        </Loaded>
      )}
      <Suspense>
        {state.open !== undefined && (
          <AppointmentPanel
            id={state.open} rows={rows} onClose={() => change({ open: undefined })}
            onMove={(appointment) => { change({ open: undefined }); setMoving({ appointment }); }}
          />
        )}
      </Suspense>
      <Suspense>
        {moving !== undefined && <MoveDialog moving={moving} rows={rows} onClose={() => setMoving(undefined)} />}
        {booking !== undefined && <BookDialog start={booking} rows={rows} services={services} onClose={() => setBooking(undefined)} />}
      </Suspense>
    </Stack>
  );
}
