import type { CSSProperties, KeyboardEvent, ReactNode } from "react";

import { clockAt, openOf, takenOf, timeAt, type Box, type Hours, type Piece, type Track } from "./tracks.ts";
import type { useDragging } from "./useDragging.ts";
import classes from "./planner.module.css";

// White text on these fills has at least 4.5:1; the state is told by a sign and in words as well.
const FILL: Record<string, string> = {
  booked: "#0b5c7a", arrived: "#1c6b3a", "checked-in": "#1c6b3a", fulfilled: "#545b62", noshow: "#b3261e", pending: "#8a5300", cancelled: "#545b62",
};

interface Given {
  track: Track;
  /** The how-manieth it is, for the arrow keys. */
  at: number;
  pieces: readonly Piece[];
  hours: Hours;
  /** Minutes at which a time that can be booked begins. */
  slots: readonly number[];
  interval: number;
  /** Whether time goes across, else down. */
  isAcross: boolean;
  /** The minute it is now, where that is shown. */
  now: number | undefined;
  dragging: ReturnType<typeof useDragging>;
  canMove: (id: string) => boolean;
  body: (id: string) => ReactNode;
  onOpen: (id: string) => void;
  onFree: (row: string, start: string) => void;
  /** On a time. */
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

/** One row of the day or one day of the week: open time, times to be booked, and what is taken. */
export function PlannerTrack({ track, at, pieces, hours, slots, interval, isAcross, now, dragging, canMove, body, onOpen, onFree, onKeyDown }: Given) {
  const along = (from: number, to: number, column = 0, columns = 1): CSSProperties => {
    const of = (minutes: number) => `${(100 * minutes) / (hours.to - hours.from)}%`;
    const [start, length, beside, breadth] = [of(from - hours.from), of(to - from), `${(100 * column) / columns}%`, `${100 / columns}%`];
    return isAcross ? { left: start, width: length, top: beside, height: breadth } : { top: start, height: length, left: beside, width: breadth };
  };
  const taken = takenOf(track, pieces, hours);
  const most = Math.max(1, ...taken.map((box) => box.columns));
  const { preview } = dragging;
  const isOver = preview?.track.row === track.row && preview.track.day === track.day;
  return (
    <div className={classes.track} data-track style={{ "--most": most } as CSSProperties} {...dragging.onto(track)}>
      {openOf(track, pieces, hours).map((box) => <div key={box.piece.id} className={classes.open} style={along(box.from, box.to)} />)}
      {slots.map((minute, n) => (
        <button
          key={minute} type="button" className={classes.slot} data-slot={`${at}:${n}`} data-hour={minute % 60 === 0 || undefined} tabIndex={at === 0 && n === 0 ? 0 : -1}
          aria-label={`${track.label} ${track.day} ${clockAt(minute)}–${clockAt(minute + interval)}`} onClick={() => onFree(track.row, timeAt(track.day, minute))} onKeyDown={onKeyDown}
        />
      ))}
      {taken.map((box) => (
        <div key={box.piece.id} className={classes.place} style={along(box.from, box.to, box.column, box.columns)}>
          <Chip box={box} track={track} dragging={dragging} canMove={canMove(box.piece.id)} onOpen={onOpen}>{body(box.piece.id)}</Chip>
        </div>
      ))}
      {isOver && <div className={classes.preview} style={along(preview.from, preview.to)}>{clockAt(preview.from)}–{timeAt(track.day, preview.to).slice(11, 16)}</div>}
      {now !== undefined && <div className={classes.now} style={along(now, now)} aria-hidden />}
    </div>
  );
}

/** What is taken, to be opened, and dragged if it can be moved. */
function Chip({ box: { piece, from, to }, track, dragging, canMove, onOpen, children }: {
  box: Box;
  track: Track;
  dragging: ReturnType<typeof useDragging>;
  canMove: boolean;
  onOpen: (id: string) => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button" className={classes.piece} data-event-id={piece.id} title={piece.title} style={{ background: FILL[piece.look] ?? FILL.booked }}
      onClick={() => { if (!dragging.wasResized()) onOpen(piece.id); }} {...(canMove ? dragging.moved(piece, track) : {})}
    >
      {children}
      {canMove && (["start", "end"] as const)
        .filter((edge) => timeAt(track.day, edge === "start" ? from : to) === piece[edge])
        .map((edge) => <span key={edge} className={classes.edge} data-edge={edge} {...dragging.resized(piece, track, edge)} />)}
    </button>
  );
}
