import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { isAbout } from "../fhir/queries.ts";
import { useSmart } from "../smart/context.tsx";
import { listen, type Change } from "./stream.ts";

interface Live {
  /** Undefined until it is known. */
  isLive: boolean | undefined;
  /** Be told of each change; ends with the function that it returns. */
  hear: (listener: (change: Change) => void) => () => void;
}

const Context = createContext<Live>({ isLive: undefined, hear: () => () => undefined });
const GATHER_MS = 120;
const POLL_MS = 30_000;

/** Reads again what is shown when it has changed; every 30 seconds where live updates don't come. */
export function LiveUpdates({ types, children }: { types: readonly string[]; children: ReactNode }) {
  const { config, session } = useSmart();
  const queries = useQueryClient();
  const [isLive, setLive] = useState<boolean>();
  const listeners = useRef(new Set<(change: Change) => void>());
  // Another system's server has no such stream.
  const isOurs = session.grant.iss === config.issuer;
  const wanted = types.join(",");

  useEffect(() => {
    if (!isOurs || wanted === "") return;
    const end = new AbortController();
    const changed = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer = undefined;
      const now = [...changed];
      changed.clear();
      void queries.invalidateQueries({ predicate: (query) => isAbout(query.queryKey, now) });
    };
    void listen(config.push, wanted.split(","), session, {
      onChange: (change) => {
        changed.add(change.type);
        timer ??= setTimeout(refresh, GATHER_MS);
        for (const listener of listeners.current) listener(change);
      },
      onReset: () => void queries.invalidateQueries(),
      onState: setLive,
    }, end.signal);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [config.push, isOurs, queries, session, wanted]);

  useEffect(() => {
    if (isOurs && isLive !== false) return;
    const timer = setInterval(() => void queries.invalidateQueries(), POLL_MS);
    return () => clearInterval(timer);
  }, [isLive, isOurs, queries]);

  const live = useMemo<Live>(
    () => ({
      isLive,
      hear: (listener) => {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [isLive],
  );
  return <Context value={live}>{children}</Context>;
}

export function useLive(): Live {
  return useContext(Context);
}
