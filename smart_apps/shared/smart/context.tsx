import { createContext, useContext, type ReactNode } from "react";

import type { Fhir } from "../fhir/client.ts";
import type { AppDescription, Config } from "./config.ts";
import type { Session } from "./session.ts";

export interface Smart {
  app: AppDescription;
  config: Config;
  session: Session;
  fhir: Fhir;
  /** Keys of queries: the server and the user first, then which types the answer is about. */
  key: (about: readonly string[], ...rest: unknown[]) => unknown[];
}

const Context = createContext<Smart | undefined>(undefined);

export function SmartProvider({ smart, children }: { smart: Smart; children: ReactNode }) {
  return <Context value={smart}>{children}</Context>;
}

/** The app, its session and its FHIR client. */
export function useSmart(): Smart {
  const smart = useContext(Context);
  if (smart === undefined) throw new Error("useSmart outside of startApp");
  return smart;
}
