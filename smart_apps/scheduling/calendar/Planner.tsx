import { Fragment, useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";

import { addDays, dayOf, minutesBetween, mondayOf, weekdayName } from "../../shared/format/zone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { PlannerTrack } from "./PlannerTrack.tsx";
import { clockAt, minuteIn, minutesOf, type Piece, type Track } from "./tracks.ts";
import { useDragging, type OnMove } from "./useDragging.ts";
import classes from "./planner.module.css";

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
  /** What the clinic's clock shows now. */
  clock: () => string;
  canMove: (id: string) => boolean;
  body: (id: string) => ReactNode;
  onOpen: (id: string) => void;
  onFree: (row: string, start: string) => void;
  onMove: OnMove;
}

const INTERVAL = 30;
const MINUTE_MS = 60_000;
/** In pixels: the height of a time in a week. */
const SLOT_HEIGHT = 96;

/** Times as a grid: people, rooms and devices below each other of a day, or the week of one. */
export default function Planner({ view, day, lanes, pieces, from, to, clock, canMove, body, onOpen, onFree, onMove }: Given) {
  const { t, language } = useTexts();
  const grid = useRef<HTMLDivElement>(null);
  const now = useClock(clock);
  const today = dayOf(now);
  const isAcross = view === "day";
  const hours = { from: minutesOf(from), to: minutesOf(to) };
  const slots = Array.from({ length: Math.ceil((hours.to - hours.from) / INTERVAL) }, (_, n) => hours.from + n * INTERVAL);
  const dragging = useDragging(hours, isAcross, onMove);
  const tracks: (Track & { head: ReactNode })[] = isAcross
    ? lanes.map((lane) => ({ row: lane.id, day, label: lane.label, head: <><strong>{lane.label}</strong><span className={classes.what}>{lane.what}</span></> }))
    : daysOf(day, pieces).map((date) => ({ row: lanes[0]?.id ?? "", day: date, label: lanes[0]?.label ?? "", head: <>{weekdayName(date, language)} {Number(date.slice(8))}</> }));

  const minute = (of: string) => {
    const at = minuteIn(of, now);
    return of === today && at >= hours.from && at < hours.to ? at : undefined;
  };
  const nowAt = tracks.map((track) => minute(track.day)).find((at) => at !== undefined);

  // Today opens at this hour.
  useLayoutEffect(() => {
    const box = grid.current;
    const hour = box?.querySelector<HTMLElement>(`[data-mark="${minutesOf(`${now.slice(11, 13)}:00`)}"]`);
    if (box == null || hour == null || day !== today) return;
    if (isAcross) box.scrollLeft = hour.offsetLeft;
    else box.scrollTop = hour.offsetTop;
  // Only as it opens: nobody's place is lost because an hour has gone by.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const head = (track: (typeof tracks)[number]) => <div className={classes.head} data-today={!isAcross && track.day === today || undefined}>{track.head}</div>;
  const row = (track: Track, at: number) => (
    <PlannerTrack
      track={track} at={at} pieces={pieces} hours={hours} slots={slots} interval={INTERVAL} isAcross={isAcross} now={minute(track.day)}
      dragging={dragging} canMove={canMove} body={body} onOpen={onOpen} onFree={onFree} onKeyDown={goByArrows}
    />
  );
  const marks = (
    <div className={classes.marks}>
      {slots.map((slot) => <div key={slot} className={classes.mark} data-mark={slot}>{clockAt(slot)}</div>)}
      {nowAt !== undefined && <div className={classes.bubble} style={{ [isAcross ? "left" : "top"]: `${(100 * (nowAt - hours.from)) / (hours.to - hours.from)}%` }}>{now.slice(11, 16)}</div>}
    </div>
  );
  const sizes = { "--slots": slots.length, "--tracks": tracks.length, "--slot": `${isAcross ? slotWidth(pieces) : SLOT_HEIGHT}px` } as CSSProperties;
  return (
    <div ref={grid} className={classes.grid} data-view={view} role="group" aria-label={t("calendar")} style={sizes}>
      <div className={classes.corner} />
      {isAcross ? marks : tracks.map((track) => <Fragment key={track.day}>{head(track)}</Fragment>)}
      {!isAcross && marks}
      {tracks.map((track, at) => <Fragment key={`${track.row} ${track.day}`}>{isAcross && head(track)}{row(track, at)}</Fragment>)}
    </div>
  );

  function goByArrows(event: KeyboardEvent<HTMLElement>): void {
    const [track, slot] = (event.currentTarget.dataset.slot ?? "").split(":").map(Number);
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (step === undefined || track === undefined || slot === undefined) return;
    const [down = 0, across = 0] = step;
    const to = isAcross ? `${track + down}:${slot + across}` : `${track + across}:${slot + down}`;
    const next = grid.current?.querySelector<HTMLElement>(`[data-slot="${to}"]`);
    if (next == null) return;
    event.preventDefault();
    next.focus();
  }
}

/** What a clock shows, each minute anew. */
function useClock(clock: () => string): string {
  const [, setTicks] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return clock();
}

/** Monday to Friday, and the weekend if there is something. */
function daysOf(day: string, pieces: readonly Piece[]): string[] {
  const monday = mondayOf(day);
  const weekend = [addDays(monday, 5), addDays(monday, 6)];
  const length = pieces.some((piece) => weekend.includes(dayOf(piece.start))) ? 7 : 5;
  return Array.from({ length }, (_, n) => addDays(monday, n));
}

/** In pixels: the shortest must be wide enough for a name. */
function slotWidth(pieces: readonly Piece[]): number {
  const lengths = pieces.filter((piece) => piece.kind === "taken").map((piece) => minutesBetween(piece.start.replace(" ", "T"), piece.end.replace(" ", "T")));
  return Math.min(192, Math.max(112, (64 * INTERVAL) / Math.max(Math.min(INTERVAL, ...lengths), 10)));
}
