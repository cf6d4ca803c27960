import { describe, expect, test } from "vitest";

import { clockAt, droppedAt, minuteIn, minutesOf, openOf, resizedTo, takenOf, timeAt, type Piece } from "./tracks.ts";

const DAY = "2026-11-30";
const TRACK = { row: "Practitioner/1", day: DAY, label: "Okafor" };
const HOURS = { from: 480, to: 1_020 };

function piece(id: string, start: string, end: string, kind: Piece["kind"] = "taken"): Piece {
  return { id, row: TRACK.row, start: `${DAY} ${start}:00`, end: `${DAY} ${end}:00`, title: id, kind, look: "booked" };
}

const seen = (...pieces: Piece[]) => takenOf(TRACK, pieces, HOURS).map(({ piece: { id }, from, to, column, columns }) => [id, from, to, column, columns]);

describe("minutes and times", () => {
  test("are each other's reverse", () => {
    expect(minutesOf("07:30:00")).toBe(450);
    expect(minutesOf("23:59:59")).toBe(1_440);
    expect(minuteIn(DAY, "2026-11-30 09:10:00")).toBe(550);
    expect(timeAt(DAY, 550)).toBe("2026-11-30 09:10:00");
    expect(clockAt(550)).toBe("09:10");
  });

  test("go beyond the day", () => {
    expect(minuteIn(DAY, "2026-12-01 00:30:00")).toBe(1_470);
    expect(timeAt(DAY, 1_470)).toBe("2026-12-01 00:30:00");
  });
});

describe("what is taken", () => {
  test("after one another has the whole track", () => {
    expect(seen(piece("b", "09:30", "10:00"), piece("a", "09:00", "09:30"))).toEqual([["a", 540, 570, 0, 1], ["b", 570, 600, 0, 1]]);
  });

  test("at the same time lies beside each other, and nothing is left out", () => {
    expect(seen(piece("a", "09:00", "10:00"), piece("b", "09:10", "09:20"), piece("c", "09:30", "10:30"), piece("d", "11:00", "11:30"))).toEqual([
      ["a", 540, 600, 0, 2], ["b", 550, 560, 1, 2], ["c", 570, 630, 1, 2], ["d", 660, 690, 0, 1],
    ]);
  });

  test("is cut at the hours that are shown", () => {
    expect(seen(piece("early", "07:00", "08:30"), piece("late", "18:00", "19:00"))).toEqual([["early", 480, 510, 0, 1]]);
  });

  test("without a length is seen", () => {
    expect(seen(piece("a", "09:00", "09:00"))).toEqual([["a", 540, 545, 0, 1]]);
  });

  test("isn't what is open, nor in another row", () => {
    const open = piece("o", "09:00", "12:00", "open");
    expect(seen(open, { ...piece("x", "09:00", "10:00"), row: "Location/1" })).toEqual([]);
    expect(openOf(TRACK, [open], HOURS)).toHaveLength(1);
  });
});

describe("what is dragged", () => {
  test("goes in steps of ten minutes, within the hours", () => {
    expect(droppedAt(554, 30, HOURS)).toBe(550);
    expect(droppedAt(100, 30, HOURS)).toBe(480);
    expect(droppedAt(1_015, 30, HOURS)).toBe(990);
  });

  test("by an edge keeps the other, and ten minutes at least", () => {
    expect(resizedTo(617, "end", { from: 540, to: 570 }, HOURS)).toEqual({ from: 540, to: 620 });
    expect(resizedTo(500, "end", { from: 540, to: 570 }, HOURS)).toEqual({ from: 540, to: 550 });
    expect(resizedTo(600, "start", { from: 540, to: 570 }, HOURS)).toEqual({ from: 560, to: 570 });
    expect(resizedTo(522, "start", { from: 540, to: 570 }, HOURS)).toEqual({ from: 520, to: 570 });
  });
});
