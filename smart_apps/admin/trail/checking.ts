import { FhirError, type Fhir } from "../../shared/fhir/client.ts";

/** A part of the check, as `/admin/audit/seals` answers it. */
export interface Part {
  checked: number;
  first: number;
  last: number;
  end: number;
  finding: Finding | null;
}

export interface Finding {
  trouble: "changed" | "removed" | "inserted" | "reordered" | "hidden" | "checkpoint" | "tombstone";
  seq: number;
  event: string | null;
  text: string;
}

/** How far a check is: seals that are as they should be, and how many there are. */
export interface Progress {
  checked: number;
  first: number;
  last: number;
  end: number;
  finding: Finding | undefined;
  isDone: boolean;
}

const PAUSE_MS = 2_000;
const MOST_PAUSES = 30;

/**
 * Check all seals, part by part, from the first one or after `from`; `tell` hears of each part.
 *
 * Waits where the server asks for patience. Raises what else the client raises; ends when `signal` says so.
 */
export async function check(fhir: Fhir, tell: (progress: Progress) => void, signal: AbortSignal, pause = PAUSE_MS): Promise<void> {
  let checked = 0;
  let first: number | undefined;
  let after = 0;
  let pauses = 0;
  while (!signal.aborted) {
    let part: Part;
    try {
      part = await fhir.other<Part>(`/admin/audit/seals?after=${after}`);
    } catch (error) {
      if (!(error instanceof FhirError) || error.status !== 429 || pauses >= MOST_PAUSES) throw error;
      pauses += 1;
      await new Promise((go) => setTimeout(go, pause));
      continue;
    }
    checked += part.checked;
    first ??= part.first;
    const finding = part.finding ?? undefined;
    const isDone = finding !== undefined || part.last >= part.end || part.last <= after;
    tell({ checked, first, last: part.last, end: Math.max(part.end, part.last), finding, isDone });
    if (isDone) return;
    after = part.last;
  }
}
