import type { Sender } from "../answers.ts";

/** A queue that is older than this is behind: a message is done in about a second. */
export const BEHIND_SECONDS = 60;

/** What is worst about a sender: messages that failed, patients held up by a failure, a queue that is behind. */
export type Standing = "failed" | "heldUp" | "behind" | "well";
const ORDER: readonly Standing[] = ["failed", "heldUp", "behind", "well"];

export function standing(sender: Sender): Standing {
  if (sender.dead > 0) return "failed";
  if (sender.heldUp > 0) return "heldUp";
  return (sender.oldestSeconds ?? 0) > BEHIND_SECONDS ? "behind" : "well";
}

/** What is worst first, then by name. */
export function worstFirst(a: Sender, b: Sender): number {
  return ORDER.indexOf(standing(a)) - ORDER.indexOf(standing(b)) || a.name.localeCompare(b.name);
}
