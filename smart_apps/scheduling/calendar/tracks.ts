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

/** A row of the day or a day of the week: what pieces lie in. */
export interface Track {
  row: string;
  day: string;
  label: string;
}

/** From which minute of the day to which a grid goes. */
export interface Hours {
  from: number;
  to: number;
}

/** What is seen of a piece, in minutes of the day; of so many columns at its time it has this one. */
export interface Box extends Hours {
  piece: Piece;
  column: number;
  columns: number;
}

const DAY_MINUTES = 1_440;
/** What is dragged goes in these steps, and is as long at least. */
export const STEP_MINUTES = 10;

/** 07:30:00 as a minute of the day; the last second is its end. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return time.startsWith("23:59") ? DAY_MINUTES : hours * 60 + minutes;
}

/** At which minute of a day a time lies: below 0 before the day, over 1440 after it. */
export function minuteIn(day: string, shown: string): number {
  return Math.round((Date.parse(`${shown.replace(" ", "T")}Z`) - Date.parse(`${day}T00:00:00Z`)) / 60_000);
}

/** The time at a minute of a day: 2026-11-30 09:10:00. */
export function timeAt(day: string, minute: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + minute * 60_000).toISOString().slice(0, 19).replace("T", " ");
}

/** 09:10 of a minute of the day. */
export function clockAt(minute: number): string {
  return minute === DAY_MINUTES ? "24:00" : timeAt("2000-01-01", minute).slice(11, 16);
}

/** What of a track is taken, earliest first; what is at the same time lies in columns beside each other. */
export function takenOf(track: Track, pieces: readonly Piece[], hours: Hours): Box[] {
  const boxes: Box[] = [];
  let together: Box[] = [];
  let ends: number[] = [];
  for (const box of seenOf(track, pieces, hours, "taken")) {
    if (ends.every((end) => end <= box.from)) [together, ends] = [[], []];
    const free = ends.findIndex((end) => end <= box.from);
    const column = free === -1 ? ends.length : free;
    ends[column] = box.to;
    const placed = { ...box, column };
    together.push(placed);
    boxes.push(placed);
    for (const one of together) one.columns = ends.length;
  }
  return boxes;
}

/** What of a track is open. */
export function openOf(track: Track, pieces: readonly Piece[], hours: Hours): Box[] {
  return seenOf(track, pieces, hours, "open");
}

function seenOf({ row, day }: Track, pieces: readonly Piece[], hours: Hours, kind: Piece["kind"]): Box[] {
  return pieces
    .filter((piece) => piece.kind === kind && piece.row === row)
    .map((piece) => {
      const start = minuteIn(day, piece.start);
      // What has no length is seen all the same.
      const end = Math.max(minuteIn(day, piece.end), start + STEP_MINUTES / 2);
      return { piece, from: Math.max(hours.from, start), to: Math.min(hours.to, end), column: 0, columns: 1 };
    })
    .filter((box) => box.from < box.to)
    .sort((a, b) => a.from - b.from || b.to - a.to);
}

/** When something begins that is dropped with its begin at a minute: in steps, and not before or after what is seen. */
export function droppedAt(minute: number, length: number, hours: Hours): number {
  const latest = Math.max(hours.from, hours.to - length);
  return Math.min(latest, Math.max(hours.from, inSteps(minute)));
}

/** From when to when something goes whose begin or end is dragged to a minute. */
export function resizedTo(minute: number, edge: "start" | "end", was: Hours, hours: Hours): Hours {
  const at = Math.min(hours.to, Math.max(hours.from, inSteps(minute)));
  return edge === "end" ? { from: was.from, to: Math.max(at, was.from + STEP_MINUTES) } : { from: Math.min(at, was.to - STEP_MINUTES), to: was.to };
}

function inSteps(minute: number): number {
  return Math.round(minute / STEP_MINUTES) * STEP_MINUTES;
}
