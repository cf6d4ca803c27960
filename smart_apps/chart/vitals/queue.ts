import type { BundleEntry, Patient } from "fhir/r4";
import { createStore, del, entries as all, set, update } from "idb-keyval";

import { FhirError, Unreachable, type Fhir } from "../../shared/fhir/client.ts";

/** A round of vital signs that waits on this device until the server has it. */
export interface Waiting {
  id: string;
  iss: string;
  user: string;
  patient: string;
  at: string;
  entries: BundleEntry[];
  /** Why the server refused it; it stays until a person decides. */
  refused?: string;
}

const LOCK = "vital-signs-queue";
const store = createStore("fhirserver-chart", "vital-signs");
const listeners = new Set<() => void>();

/** Rounds that are being sent for the first time by the page that they were entered on: they don't wait yet. */
const inHand = new Set<string>();

/** Keep a round on this device, then send it: whatever happens in between, it isn't lost. `isKept` is false where the device keeps nothing. */
export async function keepAndSend(fhir: Fhir, round: Waiting, onKept: () => Promise<void>): Promise<{ outcome: Outcome; isKept: boolean }> {
  inHand.add(round.id);
  try {
    const isKept = await set(round.id, round, store).then(() => true, () => false);
    if (isKept) await onKept();
    return { outcome: await send(fhir, round), isKept };
  } finally {
    inHand.delete(round.id);
    tell();
  }
}

/** What waits of this user at this server, the oldest first. */
export async function waiting(iss: string, user: string): Promise<Waiting[]> {
  const kept = await all<string, Waiting>(store);
  return kept.map(([, round]) => round).filter((round) => round.iss === iss && round.user === user && !inHand.has(round.id)).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export async function discard(id: string): Promise<void> {
  await del(id, store);
  tell();
}

/** Let a refused round be tried again. */
export async function release(id: string): Promise<void> {
  await update<Waiting>(id, (round) => ({ ...(round as Waiting), refused: undefined }), store);
  tell();
}

/** Called whenever what waits has changed. */
export function onQueue(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export type Outcome = "sent" | "waits" | "refused";

/** Send what waits, one after the other, by one tab at a time; how many were stored. */
export async function sendWaiting(fhir: Fhir, iss: string, user: string): Promise<number> {
  const run = async () => {
    let sent = 0;
    for (const round of await waiting(iss, user)) {
      if (round.refused !== undefined) continue;
      const outcome = await send(fhir, round);
      if (outcome === "waits") break;
      if (outcome === "sent") sent += 1;
    }
    return sent;
  };
  // Browsers without locks are those that don't keep two tabs alive either.
  return "locks" in navigator ? navigator.locks.request(LOCK, run) : run();
}

/** Send one round: it is gone from here only when the server has it. */
export async function send(fhir: Fhir, round: Waiting): Promise<Outcome> {
  try {
    const patient = await fhir.read<Patient>("Patient", round.patient);
    const into = patient.link?.find((link) => link.type === "replaced-by")?.other.reference;
    if (into !== undefined) {
      await refuse(round, "merged");
      return "refused";
    }
    await fhir.transaction(round.entries);
  } catch (error) {
    // Not told by the server that it can't be: a lost network, an ended sign-in, too much at once, a fault that passes.
    if (error instanceof Unreachable || !(error instanceof FhirError) || error.status >= 500 || error.status === 429 || error.status === 401) return "waits";
    await refuse(round, error.message);
    return "refused";
  }
  await discard(round.id);
  return "sent";
}

async function refuse(round: Waiting, reason: string): Promise<void> {
  await set(round.id, { ...round, refused: reason }, store);
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}
