import { useCallback, useEffect, useRef, useState } from "react";

import { FhirError, Unreachable } from "../fhir/client.ts";
import { useSmart } from "../smart/context.tsx";
import { SignedOut } from "../smart/session.ts";

const FIRST_MS = 3_000;
const LAST_MS = 60_000;

export interface Trouble {
  error: unknown;
  /** When it is tried again by itself; undefined when trying again wouldn't help. */
  againAt?: Date;
}

/**
 * Work that is to be done in the end: again by itself when the server can't be reached or has a fault, when the connection is back, and
 * after a new sign-in. What it does must be safe to do twice. `trouble` is why it isn't done yet.
 */
export function useRetry(work: () => Promise<void>) {
  const { session } = useSmart();
  const latest = useRef(work);
  useEffect(() => {
    latest.current = work;
  });
  const failures = useRef(0);
  const isRunning = useRef(false);
  const isWaiting = useRef(false);
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();

  const attempt = useCallback(async () => {
    if (isRunning.current) return;
    isRunning.current = true;
    isWaiting.current = false;
    setBusy(true);
    try {
      await latest.current();
      failures.current = 0;
      setTrouble(undefined);
    } catch (error) {
      if (error instanceof SignedOut) {
        isWaiting.current = true;
        setTrouble(undefined);
      } else if (isPassing(error)) {
        const delay = Math.min(FIRST_MS * 2 ** failures.current, LAST_MS);
        failures.current += 1;
        setTrouble({ error, againAt: new Date(Date.now() + delay) });
      } else setTrouble({ error });
    } finally {
      isRunning.current = false;
      setBusy(false);
    }
  }, []);

  const againAt = trouble?.againAt;
  useEffect(() => {
    if (againAt === undefined) return;
    const again = () => void attempt();
    const timer = setTimeout(again, Math.max(0, againAt.getTime() - Date.now()));
    window.addEventListener("online", again);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", again);
    };
  }, [againAt, attempt]);

  useEffect(() => session.onChange((isSignedIn) => {
    if (isSignedIn && isWaiting.current) void attempt();
  }), [attempt, session]);

  const run = useCallback(() => {
    failures.current = 0;
    void attempt();
  }, [attempt]);
  const stop = useCallback(() => {
    isWaiting.current = false;
    setTrouble(undefined);
  }, []);
  return { run, stop, isBusy, trouble };
}

/** Whether the same may work later. */
function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof FhirError && ((error.status >= 500 && error.status !== 501) || error.status === 429));
}
