import type { ImagingStudy } from "fhir/r4";
import { useEffect, useRef } from "react";

import { uidOf } from "../studies/studies.ts";
import type { Stack } from "../viewer/stacks.ts";
import type { StackView } from "../viewer/StackView.ts";
import { draw, drawnSoFar, measurementsOn, takeAway } from "./annotations.ts";
import { merge, type Measurement } from "./measurement.ts";
import { measurementsOf } from "./saved.ts";
import { useSaved } from "./useSaved.ts";

/** Puts the saved measurements of a study on the pictures that a pane shows; what others have saved since follows. */
export function useDrawn(study: ImagingStudy, stack: Stack, view: StackView | undefined): void {
  const { data: saved } = useSaved(study);
  const before = useRef<readonly Measurement[]>([]);
  useEffect(() => {
    if (saved === undefined || view === undefined) return;
    const now = measurementsOf(saved);
    const drawn = () => now.filter(({ uid }) => drawnSoFar().has(uid));
    const { measurements: here } = measurementsOn(uidOf(study) ?? "");
    // What has been on a picture and isn't any more was taken away here.
    const { draw: wanted, remove } = merge([...drawn(), ...before.current], now, here);
    takeAway(remove);
    draw(wanted, stack.pictures);
    before.current = drawn();
    if (wanted.length + remove.length > 0) view.redraw();
  }, [saved, stack, study, view]);
}
