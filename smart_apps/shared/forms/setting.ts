import { get, set } from "idb-keyval";
import { useEffect, useState } from "react";

import { useSmart } from "../smart/context.tsx";

/** A choice of this user on this device: sound on or off. It holds no patient data. */
export function useSetting<T>(name: string, first: T): readonly [value: T, choose: (value: T) => void] {
  const { session } = useSmart();
  const key = `setting ${session.grant.fhirUser ?? ""} ${name}`;
  const [value, setValue] = useState(first);
  useEffect(() => {
    let isCurrent = true;
    void get<T>(key).then((kept) => {
      if (kept !== undefined && isCurrent) setValue(kept);
    });
    return () => {
      isCurrent = false;
    };
  }, [key]);
  const choose = (chosen: T) => {
    setValue(chosen);
    void set(key, chosen);
  };
  return [value, choose];
}
