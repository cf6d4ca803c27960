import "@mantine/schedule/styles.layer.css";

import { ResourcesDayView, WeekView, type ScheduleEventData } from "@mantine/schedule";
import type { ReactNode } from "react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { addDays, minutesBetween, mondayOf, weekdayName } from "../model/zone.ts";
import classes from "./planner.module.css";

/** A stretch of a row, at times of the clinic's clock: 2026-11-30 09:00:00. */
export interface Piece {
  /** Of what it is; a piece is one of its rows. */
  id: string;
  /** The row that it is in. */
  row: string;
  start: string;
  end: string;
  title: string;
  /** Time that is open lies behind; what is in it is taken. */
  kind: "open" | "taken";
  /** How it looks: the status. */
  look: string;
}

export interface Lane {
  id: string;
  label: string;
  what: string;
}

interface Given {
  view: "day" | "week";
  day: string;
  lanes: readonly Lane[];
  pieces: readonly Piece[];
  /** From when to when the day is shown: 07:00:00. */
  from: string;
  to: string;
  now: string;
  canMove: (id: string) => boolean;
  body: (id: string) => ReactNode;
  onOpen: (id: string) => void;
  onFree: (row: string, start: string) => void;
  onMove: (id: string, fromRow: string, toRow: string, start: string, end: string) => void;
}

const INTERVAL = 30;
/** Open time is white on the grey of closed time. */
const OPEN = { background: "color-mix(in srgb, var(--mantine-color-body) 80%, transparent)", opacity: 1, border: 0, borderRadius: 0, color: "transparent" };

const FILL: Record<string, string> = {
  booked: "#0b5c7a", arrived: "#1c6b3a", "checked-in": "#1c6b3a", fulfilled: "#545b62", noshow: "#b3261e", pending: "#8a5300", cancelled: "#545b62",
};

/** Times as a grid: people, rooms and devices below each other of a day, or the week of one. All of @mantine/schedule that we use is here. */
export default function Planner({ view, day, lanes, pieces, from, to, now, canMove, body, onOpen, onFree, onMove }: Given) {
  const { t, language } = useTexts();
  const only = lanes[0]?.id ?? "";
  const events: ScheduleEventData[] = pieces.map((piece) => ({
    id: `${piece.id} ${piece.row}`,
    resourceId: piece.row,
    title: piece.title,
    start: piece.start,
    end: piece.end,
    color: piece.kind === "open" ? "gray" : (FILL[piece.look] ?? "#0b5c7a"),
    variant: "filled",
    display: piece.kind === "open" ? "background" : "default",
  }));
  // The shortest must be wide enough for a name.
  const shortest = Math.min(INTERVAL, ...pieces.filter((piece) => piece.kind === "taken").map((piece) => minutesBetween(piece.start.replace(" ", "T"), piece.end.replace(" ", "T"))));
  const slotWidth = Math.min(192, Math.max(112, (64 * INTERVAL) / Math.max(shortest, 10)));
  const common = {
    events,
    startTime: from,
    endTime: to,
    withHeader: false,
    withCurrentTimeIndicator: now.slice(0, 10) === day || view === "week",
    getCurrentTime: () => now,
    startScrollTime: now.slice(0, 10) === day ? `${now.slice(11, 13)}:00:00` : undefined,
    intervalMinutes: INTERVAL,
    eventDragInterval: 10,
    eventResizeInterval: 10,
    withEventsDragAndDrop: true,
    withEventResize: true,
    canDragEvent: (event: ScheduleEventData) => canMove(idOf(event)),
    canResizeEvent: (event: ScheduleEventData) => canMove(idOf(event)),
    renderEventBody: (event: ScheduleEventData) => body(idOf(event)),
    onEventClick: (event: ScheduleEventData) => onOpen(idOf(event)),
    labels: { timeSlot: t("timeOfDay"), noEvents: t("noAppointments"), more: t("more"), resource: t("who"), resources: t("who"), resourceSlot: t("timeOfDay"), moreLabel: (n: number) => t("nMore", { n }) },
  };
  if (view === "week") {
    return (
      <WeekView
        {...common}
        className={classes.grid}
        date={mondayOf(day)}
        weekdayFormat={(date) => weekdayName(date.slice(0, 10), language)}
        styles={{ weekViewBackgroundEvent: OPEN }}
        withAllDaySlots={false}
        withWeekNumber={false}
        withWeekendDays={pieces.some((piece) => isWeekend(piece.start.slice(0, 10), day))}
        slotHeight={96}
        highlightToday
        scrollAreaProps={{ mah: "calc(100dvh - 13rem)" }}
        onTimeSlotClick={({ slotStart }) => onFree(only, slotStart)}
        onEventDrop={({ event, newStart, newEnd }) => onMove(idOf(event), only, only, newStart, newEnd)}
        onEventResize={({ event, newStart, newEnd }) => onMove(idOf(event), only, only, newStart, newEnd)}
      />
    );
  }
  return (
    <ResourcesDayView
      {...common}
      className={classes.grid}
      date={day}
      resources={lanes.map((lane) => ({ id: lane.id, label: lane.label, payload: { what: lane.what } }))}
      renderResourceLabel={(resource) => (
        <span className={classes.lane}>
          <strong>{resource.label}</strong>
          <span className={classes.what}>{String(resource.payload?.what ?? "")}</span>
        </span>
      )}
      styles={{ resourcesDayViewBackgroundEvent: OPEN }}
      slotWidth={slotWidth}
      rowHeight={84}
      scrollAreaProps={{ mah: "calc(100dvh - 9rem)" }}
      maxEventsPerTimeSlot={4}
      onTimeSlotClick={({ slotStart, resourceId }) => onFree(String(resourceId ?? only), slotStart)}
      onEventDrop={({ event, newStart, newEnd, resourceId }) => onMove(idOf(event), String(event.resourceId ?? only), String(resourceId ?? event.resourceId ?? only), newStart, newEnd)}
      onEventResize={({ event, newStart, newEnd }) => onMove(idOf(event), String(event.resourceId ?? only), String(event.resourceId ?? only), newStart, newEnd)}
    />
  );
}

function idOf(event: ScheduleEventData): string {
  return String(event.id).split(" ")[0] ?? "";
}

function isWeekend(date: string, day: string): boolean {
  return date >= addDays(mondayOf(day), 5);
}
