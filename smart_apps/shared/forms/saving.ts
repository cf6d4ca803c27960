import { notifications } from "@mantine/notifications";
import { text } from "../i18n/i18n.ts";

const SHOWN_MS = 10_000;

/** Says that something was done; with `undo` it can be taken back for ten seconds. */
export function told(message: string): void {
  notifications.show({ message, color: "green", autoClose: 5_000, closeButtonProps: { "aria-label": text("close") } });
}

/** Says that something wasn't done, until it is closed. */
export function failed(message: string, title = text("notSaved")): void {
  notifications.show({ title, message, color: "red", autoClose: false, role: "alert", closeButtonProps: { "aria-label": text("close") } });
}

export { SHOWN_MS as UNDO_MS };
