import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "wouter";

import { moment } from "../shared/format/dates.ts";
import { formalName } from "../shared/format/people.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import classes from "./messages.module.css";
import type { Thread } from "./threads.ts";

/** A conversation in the list: with whom, about whom and what, its last message, and how much is unread. */
export function ThreadItem({ thread, isOpen }: { thread: Thread; isOpen: boolean }) {
  const { t } = useTexts();
  const people = thread.others.map((one) => one.display ?? t("somebody")).join(", ");
  const about = thread.patientId === undefined ? undefined : thread.patient === undefined ? t("patientHidden") : formalName(thread.patient.name);
  return (
    <li>
      <Link href={`/t/${thread.key}`} className={classes.item} data-unread={thread.unread > 0} aria-current={isOpen ? "true" : undefined}>
        <div className={classes.line}>
          <span className={classes.title}>{about ?? (thread.topic === "" ? people : thread.topic)}</span>
          <span className={classes.small}>{moment(thread.last.at)}</span>
        </div>
        {about !== undefined && thread.topic !== "" && <div className={classes.title}>{thread.topic}</div>}
        {(about !== undefined || thread.topic !== "") && <div className={classes.small}>{people}</div>}
        <div className={classes.preview}>{thread.last.isOwn ? `${t("you")}: ` : ""}{thread.last.text === "" ? t("attachmentsOnly", { n: thread.last.attachments.length }) : thread.last.text}</div>
        {(thread.unread > 0 || thread.isUrgent) && (
          <div className={classes.line}>
            {thread.unread > 0 && <span className={classes.count}>{t("unread", { n: thread.unread })}{thread.messages.some((one) => one.isUnread && one.mentionsMe) && ` · ${t("mentionsYou")}`}</span>}
            {thread.isUrgent && <span className={classes.urgent}><IconAlertTriangle size={15} aria-hidden style={{ verticalAlign: "-2px" }} /> {t("urgent")}</span>}
          </div>
        )}
      </Link>
    </li>
  );
}
