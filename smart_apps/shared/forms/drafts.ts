import { del, get, set } from "idb-keyval";
import { useEffect, useRef, useState } from "react";

import { useSmart } from "../smart/context.tsx";

interface Kept<T> {
  at: string;
  values: T;
}

const PAUSE_MS = 1_000;

/**
 * Keeps what is typed on this device until it is saved: `const draft = useDraft("note/1", form.values, form.setValues)`.
 *
 * A draft belongs to a user of a server; call `clear` after saving, and `drop` to discard it.
 */
export function useDraft<T extends object>(name: string, values: T, restore: (values: T) => void, isDirty: boolean) {
  const { session } = useSmart();
  const key = `draft ${session.grant.iss} ${session.grant.fhirUser ?? ""} ${name}`;
  const [keptAt, setKeptAt] = useState<string>();
  const [restoredAt, setRestoredAt] = useState<string>();
  const bring = useRef(restore);
  useEffect(() => {
    bring.current = restore;
  });
  const text = JSON.stringify(values);

  useEffect(() => {
    let isCurrent = true;
    void get<Kept<T>>(key).then((kept) => {
      if (kept === undefined || !isCurrent) return;
      bring.current(kept.values);
      setRestoredAt(kept.at);
    });
    return () => {
      isCurrent = false;
    };
  }, [key]);

  useEffect(() => {
    if (!isDirty) return;
    const timer = setTimeout(() => {
      const at = new Date().toISOString();
      void set(key, { at, values: JSON.parse(text) as T }).then(() => setKeptAt(at));
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [isDirty, key, text]);

  const clear = async () => {
    await del(key);
    setKeptAt(undefined);
    setRestoredAt(undefined);
  };
  return { keptAt, restoredAt, clear };
}
