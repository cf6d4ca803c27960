import { IconAlertTriangle, IconCheck, IconChecks } from "@tabler/icons-react";

import { moment } from "../shared/format/dates.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { Attachments } from "./Attachments.tsx";
import classes from "./messages.module.css";
import type { Message, Myself } from "./threads.ts";

/** One message: from whom and when, its text, what is attached, and who has read it. */
export function MessageItem({ message, me, patientId }: { message: Message; me: Myself; patientId?: string }) {
  const { t } = useTexts();
  return (
    <li className={classes.message} data-own={message.isOwn} data-message={message.id}>
      <div className={classes.line}>
        <strong>{message.isOwn ? t("you") : message.senderName === "" ? t("somebody") : message.senderName}</strong>
        <span className={classes.small}>{moment(message.at)}</span>
      </div>
      {message.isUrgent && <span className={classes.urgent}><IconAlertTriangle size={15} aria-hidden style={{ verticalAlign: "-2px" }} /> {t("urgent")}</span>}
      {message.text !== "" && <p className={classes.text}><Mentions text={message.text} names={[me.name, ...message.recipients.map((one) => one.display ?? ""), message.senderName]} /></p>}
      {message.attachments.length > 0 && <Attachments references={message.attachments.map((one) => one.reference ?? "")} patientId={patientId} />}
      {message.isOwn && <Receipts message={message} />}
    </li>
  );
}

/** The text, with the names that are mentioned set off. */
function Mentions({ text, names }: { text: string; names: readonly string[] }) {
  const known = [...new Set(names.filter((name) => name !== ""))].map((name) => `@${name}`).sort((a, b) => b.length - a.length);
  if (known.length === 0 || !text.includes("@")) return text;
  const pattern = new RegExp(`(${known.map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`);
  return text.split(pattern).map((part, n) => (known.includes(part) ? <span key={n} className={classes.mention}>{part}</span> : part));
}

function Receipts({ message }: { message: Message }) {
  const { t } = useTexts();
  const people = message.recipients.filter((one) => one.reference?.startsWith("CareTeam/") !== true);
  const nameOf = (reference: string) => people.find((one) => one.reference === reference)?.display ?? t("somebody");
  const n = message.readBy.length;
  const names = message.readBy.map(nameOf).join(", ");
  const text = n === 0 ? t("sent") : people.length === 1 ? t("read") : t("readBy", { n, of: people.length });
  return (
    <details className={classes.small}>
      <summary>
        {n === 0 ? <IconCheck size={14} aria-hidden style={{ verticalAlign: "-2px" }} /> : <IconChecks size={14} aria-hidden style={{ verticalAlign: "-2px" }} />} {text}
      </summary>
      {n === 0 ? t("notReadYet") : t("readByNames", { names })}
    </details>
  );
}
