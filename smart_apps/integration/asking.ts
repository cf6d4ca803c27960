import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";

import { queryOf, type Parameters } from "../shared/fhir/client.ts";
import { useSmart } from "../shared/smart/context.tsx";
import type { Beside, Found, Head, Lane, Message, Sender } from "./answers.ts";

/** What changes when something is done about messages. */
export const ABOUT = ["hl7v2"];
/** Messages are no resources, so nobody tells of them; each question is on record, so it isn't asked more often. */
const EVERY_MS = 15_000;
const SOON_MS = 2_000;

/** An answer of `/hl7v2`, asked for again by itself while the page is in sight; `once`: only when something was done. */
export function usePolled<T>(path: string | undefined, parameters: Parameters = {}, options: { once?: boolean; keep?: boolean } = {}): UseQueryResult<T> {
  const { fhir, key } = useSmart();
  const query = queryOf(parameters);
  return useQuery({
    queryKey: key(ABOUT, path, query),
    queryFn: () => fhir.other<T>(`${path ?? ""}${query === "" ? "" : `?${query}`}`),
    enabled: path !== undefined,
    refetchInterval: options.once === true ? false : EVERY_MS,
    placeholderData: options.keep === true ? keepPreviousData : undefined,
  });
}

export function useSenders(): UseQueryResult<{ senders: Sender[] }> {
  return usePolled("/hl7v2/senders");
}

/** The lanes that have waited longest. */
export function useLanes(): UseQueryResult<{ lanes: Lane[]; isCut: boolean }> {
  return usePolled("/hl7v2/lanes", { _count: 200 });
}

/** The lanes in which a message waits; nothing is asked for one that doesn't. */
export function useLanesOf(head: Head): UseQueryResult<{ lanes: Lane[] }> {
  return usePolled(head.state === "waiting" || head.state === "written" ? "/hl7v2/lanes" : undefined, { message: head.id });
}

/** What a sender is called; its id where nobody has entered it. */
export function useSenderName(): (id: string | undefined) => string {
  const { data } = useSenders();
  return (id) => data?.senders.find((one) => one.id === id)?.name ?? id ?? "";
}

/** How a message stands; while it waits, asked for until it is done. Null: there is no such message. */
export function useHead(number: number): UseQueryResult<Head | null> {
  const { fhir, key } = useSmart();
  return useQuery({
    queryKey: key(ABOUT, "head", number),
    queryFn: async () => (await fhir.other<Found>(`/hl7v2/messages?${queryOf({ from: number, to: number })}`)).messages[0] ?? null,
    enabled: Number.isSafeInteger(number),
    refetchInterval: ({ state }) => (state.data?.state === "waiting" || state.data?.state === "written" ? SOON_MS : false),
  });
}

/** A message with what it says: read once for each state, as each look at a text is on record. */
export function useMessage(head: Head): UseQueryResult<Message> {
  const { fhir, key } = useSmart();
  return useQuery({ queryKey: key(["text"], head.id, head.state, head.ended), queryFn: () => fhir.other<Message>(`/hl7v2/messages/${head.id}`), staleTime: Infinity });
}

/** A message beside the FHIR that it makes. */
export function useBeside(head: Head): UseQueryResult<Beside> {
  const { fhir, key } = useSmart();
  return useQuery({ queryKey: key(["text"], "fields", head.id, head.state, head.ended), queryFn: () => fhir.other<Beside>(`/hl7v2/messages/${head.id}/fields`), staleTime: Infinity });
}
