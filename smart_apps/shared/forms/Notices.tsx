import { Notification } from "@mantine/core";
import { useEffect, useRef, useSyncExternalStore } from "react";

import { text } from "../i18n/i18n.ts";
import { saidNow, unsay, type Notice } from "./notices.ts";

/** So many are shown at once; the others wait. */
const MOST = 5;
/** What is pointed at or has the focus stays, and is looked at again after this time. */
const HELD_MS = 1_000;

/**
 * What was said by `told` and `failed`, at the foot of the page and above dialogs. It is part of what a page opens with: a lost
 * network must be told without loading anything.
 */
export function Notices() {
  const notices = useSyncExternalStore(saidNow.subscribe, saidNow.current);
  const box = useRef<HTMLDivElement>(null);
  const isHeld = () => box.current?.matches(":hover") === true || box.current?.contains(document.activeElement) === true;
  return (
    <div ref={box} className="fs-notices" aria-live="polite">
      {notices.slice(0, MOST).map((notice) => <Shown key={notice.id} notice={notice} isHeld={isHeld} />)}
    </div>
  );
}

function Shown({ notice, isHeld }: { notice: Notice; isHeld: () => boolean }) {
  const { id, shownMs } = notice;
  const held = useRef(isHeld);
  useEffect(() => {
    if (shownMs === undefined) return undefined;
    const end = () => {
      if (held.current()) timer = setTimeout(end, HELD_MS);
      else unsay(id);
    };
    let timer = setTimeout(end, shownMs);
    return () => clearTimeout(timer);
  }, [id, shownMs]);
  return (
    <Notification
      className="fs-notice" color={notice.color} title={notice.title} role={notice.color === "red" ? "alert" : "status"}
      closeButtonProps={{ "aria-label": text("close") }} onClose={() => unsay(id)}
    >
      {notice.message}
    </Notification>
  );
}
