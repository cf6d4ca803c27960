import { useRef, useState, type DragEvent, type PointerEvent } from "react";

import { droppedAt, minuteIn, resizedTo, timeAt, type Hours, type Piece, type Track } from "./tracks.ts";

type Edge = "start" | "end";
/** Where what is dragged would come to lie. */
export interface Preview extends Hours {
  track: Track;
}
interface Held {
  piece: Piece;
  /** In minutes: how far behind its begin it is held, and how long it is. */
  grip: number;
  length: number;
}
export type OnMove = (id: string, fromRow: string, toRow: string, start: string, end: string) => void;

/** Pieces are dragged to another time or track, and made longer or shorter by their edges. */
export function useDragging(hours: Hours, isAcross: boolean, onMove: OnMove) {
  const held = useRef<Held>(undefined);
  /** Which edge is held, until its click has been swallowed. */
  const edge = useRef<Edge>(undefined);
  const [preview, setPreview] = useState<Preview>();

  function minuteAt(track: Element, { clientX, clientY }: { clientX: number; clientY: number }): number {
    const box = track.getBoundingClientRect();
    const part = isAcross ? (clientX - box.left) / box.width : (clientY - box.top) / box.height;
    return hours.from + part * (hours.to - hours.from);
  }

  function show(to: Preview): void {
    setPreview((before) => (before?.track.row === to.track.row && before.track.day === to.track.day && before.from === to.from && before.to === to.to ? before : to));
  }

  function letGo(): void {
    held.current = undefined;
    setPreview(undefined);
  }

  /** For a track. */
  const onto = (track: Track) => ({
    onDragOver: (event: DragEvent) => {
      const one = held.current;
      if (one === undefined) return;
      event.preventDefault();
      const from = droppedAt(minuteAt(event.currentTarget, event) - one.grip, one.length, hours);
      show({ track, from, to: from + one.length });
    },
    onDragLeave: (event: DragEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setPreview(undefined);
    },
    onDrop: (event: DragEvent) => {
      const one = held.current;
      if (one === undefined) return;
      event.preventDefault();
      const from = droppedAt(minuteAt(event.currentTarget, event) - one.grip, one.length, hours);
      letGo();
      if (track.row === one.piece.row && timeAt(track.day, from) === one.piece.start) return;
      onMove(one.piece.id, one.piece.row, track.row, timeAt(track.day, from), timeAt(track.day, from + one.length));
    },
  });

  /** For a piece of a track that can be moved. */
  const moved = (piece: Piece, track: Track) => ({
    draggable: true,
    onDragStart: (event: DragEvent) => {
      const within = event.currentTarget.closest("[data-track]");
      if (edge.current !== undefined || within === null) {
        event.preventDefault();
        return;
      }
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", piece.id);
      const start = minuteIn(track.day, piece.start);
      held.current = { piece, grip: minuteAt(within, event) - start, length: minuteIn(track.day, piece.end) - start };
    },
    onDragEnd: letGo,
  });

  /** For the edge of a piece by which it is made longer or shorter. */
  const resized = (piece: Piece, track: Track, which: Edge) => {
    const was = { from: minuteIn(track.day, piece.start), to: minuteIn(track.day, piece.end) };
    const dragged = (event: PointerEvent) => {
      const within = event.currentTarget.closest("[data-track]");
      return within === null ? was : resizedTo(minuteAt(within, event), which, was, hours);
    };
    return {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0) return;
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        edge.current = which;
      },
      onPointerMove: (event: PointerEvent) => {
        if (edge.current === which) show({ track, ...dragged(event) });
      },
      onPointerUp: (event: PointerEvent) => {
        if (edge.current !== which) return;
        const { from, to } = dragged(event);
        letGo();
        // The click that follows opens nothing.
        setTimeout(() => { edge.current = undefined; });
        if (from !== was.from || to !== was.to) onMove(piece.id, piece.row, track.row, timeAt(track.day, from), timeAt(track.day, to));
      },
      onPointerCancel: () => {
        edge.current = undefined;
        letGo();
      },
    };
  };

  return { preview, onto, moved, resized, wasResized: () => edge.current !== undefined };
}
