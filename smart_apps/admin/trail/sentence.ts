import type { Patient } from "fhir/r4";
import { useCallback } from "react";

import { formalName } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { nameIn, type User } from "../people/users.ts";
import type { Row, Subject } from "./events.ts";

const MOST_KINDS = 4;
/** Work of the server's own goes on record under the name of its workflow. */
export const OWN_WORK = "workflow:";

export interface Names {
  users: readonly User[] | undefined;
  /** Names of apps by their client's id. */
  clients: ReadonlyMap<string, string>;
  patients: ReadonlyMap<string, Patient>;
}

/** The text of a key that may be missing; undefined then. */
export function useOptional(): (key: string, values?: Record<string, string | number>) => string | undefined {
  const { t } = useTexts();
  return useCallback((key, values) => {
    const said = t(key, values);
    return said === key ? undefined : said;
  }, [t]);
}

/** "results", "medicines": kinds of records in words; the standard's name where there are none. */
export function useKinds(most = MOST_KINDS): (types: readonly string[]) => string {
  const { t, language } = useTexts();
  const optional = useOptional();
  return useCallback((types) => {
    const kinds = [...new Set(types.map((type) => optional(`type.${type}`) ?? type))];
    const shown = kinds.length > most + 1 ? [...kinds.slice(0, most), t("moreKinds", { n: kinds.length - most })] : kinds;
    return new Intl.ListFormat(language, { type: "conjunction" }).format(shown);
  }, [language, most, optional, t]);
}

/** What else than records an event was about: "the account Ada Nurse", "message 7". */
export function useSubject(): (subject: Subject, names: Pick<Names, "users" | "clients">) => string {
  const { t } = useTexts();
  const optional = useOptional();
  return useCallback((subject, { users, clients }) => {
    const name = subject.kind === "account" ? nameIn(users, { account: subject.id, name: subject.id }) : subject.kind === "client" ? (clients.get(subject.id) ?? subject.id) : subject.id;
    return optional(`subject.${subject.kind.replace(":", "-")}`, { name }) ?? t("subject.other", { kind: subject.kind, name });
  }, [optional, t]);
}

/** Who did it: a person by name, an app, this server by itself, or somebody who hadn't signed in. */
export function useWho(): (row: Row, names: Names) => string {
  const { t } = useTexts();
  return useCallback((row, names) => {
    if (row.person !== undefined) return nameIn(names.users, row.person) || t("somebody");
    if (row.client.startsWith(OWN_WORK)) return t("byItself", { what: row.client.slice(OWN_WORK.length).replaceAll("_", " ") });
    if (row.client === "" || row.client === "anonymous") return t("notSignedIn");
    return t("system", { name: names.clients.get(row.client) ?? row.client });
  }, [t]);
}

/** An event as a sentence: "Dr. Reed read results and diagnoses of OKAFOR, Ngozi". */
export function useSentence(): (row: Row, names: Names) => string {
  const { t } = useTexts();
  const optional = useOptional();
  const kindsOf = useKinds();
  const whoOf = useWho();
  const subjectOf = useSubject();
  return useCallback((row, names) => {
    const who = whoOf(row, names);
    const [id] = row.patients;
    const first = id === undefined ? undefined : names.patients.get(id);
    const patient = row.patients.length > 1 ? t("patients", { n: row.patients.length }) : first === undefined ? t("onePatient") : formalName(first.name) || t("nameless");
    const kinds = kindsOf(row.types);
    const what = kinds !== "" ? kinds : t("records");
    const values = { who, what, patient, outcome: row.outcome === "done" ? "done" : "tried", has: row.patients.length > 0 ? "yes" : "no", name: row.operation };
    const said = (row.operation === "" ? undefined : optional(`operation.${row.operation}`, values)) ?? t(row.did === "searched" && kinds === "" && row.outcome === "done" && row.event.entity !== undefined ? "did.searchedNothing" : `did.${row.did}`, values);
    const [about] = row.subjects;
    return about === undefined ? said : t("saidAbout", { said, about: subjectOf(about, names) });
  }, [kindsOf, optional, subjectOf, t, whoOf]);
}
