import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { FhirError, queryOf, type Fhir } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { useSmart } from "../../shared/smart/context.tsx";

/** An account, as `/admin/users` tells it. */
export interface User {
  id: string;
  /** What they type to sign in. */
  name: string;
  display: string;
  /** Practitioner/1, Patient/2 …: who they are in the records. */
  fhirUser: string | null;
  roles: string[];
  clearances: string[];
  isActive: boolean;
  created: string;
  updated: string;
}

/** A page of accounts; `next` is the id to go on after. */
interface Page {
  users: User[];
  next?: string;
}

/** What accounts are narrowed down to; "" doesn't matter. */
export interface Filter {
  /** Parts of the name or of the user name. */
  text: string;
  role: string;
  state: "" | "active" | "disabled";
}

const A_PAGE = 100;
/** Ids in one request: an address must not become too long. */
const AT_ONCE = 60;
const NOBODY: User[] = [];

/** Accounts by name, page by page. */
export function useUserPages({ text, role, state }: Filter) {
  const { fhir, key } = useSmart();
  const asked = { text: text.trim(), role, isActive: state === "" ? undefined : state === "active", _count: A_PAGE };
  const query = useInfiniteQuery({
    queryKey: key(["User"], "users", queryOf(asked)),
    queryFn: ({ pageParam }) => fhir.other<Page>(`/admin/users?${queryOf({ ...asked, after: pageParam })}`),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
  return { query, all: (query.data?.pages ?? []).flatMap((page) => page.users) };
}

/** The first accounts with these parts in their names. */
export function useUsersLike(text: string, most: number) {
  return useAsk<User[]>(["User"], ["users", "like", text, most], async (fhir) => (await fhir.other<Page>(`/admin/users?${queryOf({ text, _count: most })}`)).users);
}

/** One account; null: there is no such one. Nothing is asked without an id. */
export function useUser(id: string | undefined) {
  return useAsk<User | null>(["User"], id === undefined ? undefined : ["users", "one", id], async (fhir) => {
    try {
      return await fhir.other<User>(`/admin/users/${encodeURIComponent(id ?? "")}`);
    } catch (error) {
      if (error instanceof FhirError && error.status === 404) return null;
      throw error;
    }
  });
}

/** Somebody in the trail, by account or by who they are in the records. */
export interface Somebody {
  account?: string;
  reference?: string;
}

/** The accounts of some people, as far as there are any; undefined while they aren't known. */
export function useUsersOf(people: readonly Somebody[]): readonly User[] | undefined {
  const ids = [...new Set(people.flatMap(({ account }) => (account === undefined || account === "" ? [] : [account])))].sort();
  // Who is known by an account need not be asked for twice.
  const references = [...new Set(people.flatMap(({ account, reference }) => (account === undefined && reference !== undefined && reference !== "" ? [reference] : [])))].sort();
  const { data } = useAsk<User[]>(["User"], ids.length + references.length === 0 ? undefined : ["users", "of", ids, references], (fhir) => usersOf(fhir, ids, references));
  return ids.length + references.length === 0 ? NOBODY : data;
}

async function usersOf(fhir: Fhir, ids: readonly string[], references: readonly string[]): Promise<User[]> {
  const found = await Promise.all([...chunks(ids).map((id) => ({ id: id.join(",") })), ...chunks(references).map((one) => ({ fhirUser: one.join(",") }))]
    .map((asked) => fhir.other<Page>(`/admin/users?${queryOf({ ...asked, _count: 5 * AT_ONCE })}`)));
  return found.flatMap((page) => page.users);
}

function chunks(all: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, n) => all.slice(n * AT_ONCE, (n + 1) * AT_ONCE));
}

/** Names of some people, asked for once and kept the same as long as the answer is. */
export function useNameOf(people: readonly Somebody[]): (who: Somebody & { name?: string }) => string {
  const users = useUsersOf(people);
  return useMemo(() => (who) => nameIn(users, who), [users]);
}

export function shownName(user: Pick<User, "name" | "display">): string {
  return user.display === "" ? user.name : user.display;
}

/** The name of somebody by account or by reference, as far as accounts tell. */
export function nameIn(users: readonly User[] | undefined, who: Somebody & { name?: string }): string {
  const found = users?.find((user) => user.id === who.account) ?? users?.find((user) => who.reference !== undefined && user.fhirUser === who.reference);
  return found === undefined ? (who.name ?? "") : shownName(found);
}
