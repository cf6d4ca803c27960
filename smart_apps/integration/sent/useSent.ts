import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { queryOf } from "../../shared/fhir/client.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import type { Receiver, SentHead, SentMessage } from "../answers.ts";
import { ABOUT, usePolled } from "../asking.ts";

const AGAIN_MS = 15_000;

export function useReceivers(): UseQueryResult<{ receivers: Receiver[] }> {
  return usePolled("/hl7v2/receivers");
}

/** How a message that goes out stands; while it waits or is stopped, asked for again. Null: there is no such message. */
export function useSentHead(number: number): UseQueryResult<SentHead | null> {
  const { fhir, key } = useSmart();
  return useQuery({
    queryKey: key(ABOUT, "sent head", number),
    queryFn: async () => {
      const { messages } = await fhir.other<{ messages: SentHead[] }>(`/hl7v2/sent?${queryOf({ before: number + 1, _count: 1 })}`);
      return messages[0]?.id === number ? messages[0] : null;
    },
    enabled: Number.isSafeInteger(number),
    refetchInterval: ({ state }) => (state.data?.state === "waiting" || state.data?.state === "stopped" ? AGAIN_MS : false),
  });
}

/** A message that goes out, with what it says: read once for each state, as each look at a text is on record. */
export function useSentMessage(head: SentHead): UseQueryResult<SentMessage> {
  const { fhir, key } = useSmart();
  return useQuery({ queryKey: key(["text"], "sent", head.id, head.state, head.attempts, head.ended), queryFn: () => fhir.other<SentMessage>(`/hl7v2/sent/${head.id}`), staleTime: Infinity });
}
