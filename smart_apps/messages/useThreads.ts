import { useInfiniteQuery } from "@tanstack/react-query";
import type { Bundle, Communication } from "fhir/r4";
import { useMemo } from "react";

import { linkOf } from "../shared/fhir/bundle.ts";
import { useSearch } from "../shared/fhir/queries.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { THREAD, threadsOf, type Message, type Myself } from "./threads.ts";

const PAGE = 60;
const WITH = { _include: ["Communication:subject", "Communication:sender", "Communication:recipient"], _revinclude: "Communication:part-of" };
/** Alerts are in the app for alerts; receipts come with what they are of. */
const OURS = { "category:not": ["http://terminology.hl7.org/CodeSystem/communication-category|alert", "https://fhirserver.example/CodeSystem/message|receipt"] };

/** Conversations with their newest messages, page by page; `more` narrows them. */
export function useThreads(me: Myself | undefined, more: Record<string, string>) {
  const { fhir, key, session } = useSmart();
  const patient = session.grant.patient === undefined ? {} : { subject: `Patient/${session.grant.patient}` };
  const query = useInfiniteQuery({
    queryKey: key(["Communication"], "threads", JSON.stringify({ ...more, ...patient })),
    queryFn: ({ pageParam }) =>
      pageParam === "" ? fhir.search<Communication>("Communication", { ...OURS, ...WITH, ...more, ...patient, _sort: "-sent", _count: PAGE }) : fhir.page<Communication>(pageParam),
    initialPageParam: "",
    getNextPageParam: (last: Bundle<Communication>) => linkOf(last, "next"),
    enabled: me !== undefined,
  });
  const threads = useMemo(() => (query.data === undefined || me === undefined ? undefined : threadsOf(query.data.pages, me)), [me, query.data]);
  return { query, threads };
}

/** All messages of a conversation, the oldest first. */
export function useThread(threadKey: string, me: Myself) {
  const query = useSearch<Communication>("Communication", { identifier: `${THREAD}|${threadKey}`, ...WITH, _sort: "-sent", _count: 200 });
  // A message of another program belongs to no conversation of ours: it is one by itself.
  const isOurs = query.data === undefined || (query.data.entry ?? []).length > 0;
  const single = useSearch<Communication>("Communication", isOurs ? undefined : { _id: threadKey, ...WITH });
  const found = isOurs ? query : single;
  const thread = useMemo(() => (found.data === undefined ? undefined : threadsOf([found.data], me)[0]), [found.data, me]);
  return { query: found, thread };
}

export function unreadOf(messages: readonly Message[]): Message[] {
  return messages.filter((one) => one.isUnread);
}

