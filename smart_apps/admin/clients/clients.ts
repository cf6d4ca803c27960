import { useMemo } from "react";

import { useAsk } from "../../shared/fhir/queries.ts";

/** An app or a service, as `/admin/clients` tells it. */
export interface Client {
  id: string;
  name: string;
  kind: "public" | "symmetric" | "asymmetric";
  redirectUris: string[];
  grantTypes: string[];
  scope: string;
  jwks: unknown;
  jwksUri: string | null;
  launchUri: string | null;
  mayIntrospect: boolean;
  isActive: boolean;
  isTrusted: boolean;
  /** The folder of one of the server's own apps. */
  ownApp: string | null;
  created: string | null;
}

export function useClients() {
  return useAsk<Client[]>(["Client"], ["clients"], async (fhir) => (await fhir.other<{ clients: Client[] }>("/admin/clients")).clients);
}

/** Names of apps by their client's id. */
export function useClientNames(): ReadonlyMap<string, string> {
  const { data } = useClients();
  return useMemo(() => new Map((data ?? []).map((client) => [client.id, client.name])), [data]);
}
