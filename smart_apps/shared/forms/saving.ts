import { text } from "../i18n/i18n.ts";
import { notify } from "./notices.ts";

const TOLD_MS = 5_000;
/** So long something can be taken back. */
export const UNDO_MS = 10_000;

/** Says that something was done. */
export function told(message: string): void {
  notify({ message, color: "green", shownMs: TOLD_MS });
}

/** Says that something wasn't done, until it is closed. */
export function failed(message: string, title = text("notSaved")): void {
  notify({ title, message, color: "red" });
}
