import type { Appointment } from "fhir/r4";
import { useEffect, useRef, useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { holdEnds } from "../model/appointments.ts";
import { cancel, hold } from "../model/asking.ts";

const ABOUT = ["Appointment", "Slot"];

/** Keeps one time while somebody looks at it; another choice, or leaving, gives it back. `coming` is the time that is being taken. */
export function useHold(waiting?: Stored<Appointment>) {
  const { fhir } = useSmart();
  const [held, setHeld] = useState<Stored<Appointment>>();
  const [isOver, setOver] = useState(false);
  const mine = useRef<Stored<Appointment>>(undefined);
  const coming = useRef<Promise<Stored<Appointment> | undefined>>(undefined);
  const isLeft = useRef(false);
  const release = useChange<Stored<Appointment>, unknown>(ABOUT, (to, one) => cancel(to, one, { keepWaiting: waiting === undefined ? undefined : true }));
  const take = useChange<Appointment, Stored<Appointment>>(ABOUT, async (to, proposal) => {
    if (mine.current !== undefined) await cancel(to, mine.current, { keepWaiting: waiting === undefined ? undefined : true }).catch(() => undefined);
    mine.current = undefined;
    return hold(to, proposal, waiting);
  });
  const choose = (proposal: Appointment) => {
    coming.current = take.mutateAsync(proposal).then((made) => {
      if (isLeft.current) {
        void cancel(fhir, made).catch(() => undefined);
        return undefined;
      }
      mine.current = made;
      setHeld(made);
      setOver(false);
      return made;
    }, () => {
      setHeld(undefined);
      return undefined;
    });
  };
  const giveBack = () => {
    if (mine.current !== undefined) release.mutate(mine.current);
    mine.current = undefined;
    setHeld(undefined);
  };
  /** It is booked: nothing is to be given back. */
  const done = () => {
    mine.current = undefined;
    setHeld(undefined);
  };

  // Who closes the dialog by any way gives the time back.
  useEffect(() => {
    isLeft.current = false;
    return () => {
      isLeft.current = true;
      if (mine.current !== undefined) void cancel(fhir, mine.current).catch(() => undefined);
      mine.current = undefined;
    };
  }, [fhir]);

  const ends = held === undefined ? undefined : holdEnds(held);
  useEffect(() => {
    if (ends === undefined) return;
    const timer = setTimeout(() => setOver(true), Math.max(0, Date.parse(ends) - Date.now()));
    return () => clearTimeout(timer);
  }, [ends]);

  return { held, ends, isOver, isTaking: take.isPending, coming: () => coming.current ?? Promise.resolve(undefined), choose, giveBack, done, error: take.error, isGone: take.error instanceof FhirError && take.error.isConflict };
}
