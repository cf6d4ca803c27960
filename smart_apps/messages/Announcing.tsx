import { Button } from "@mantine/core";
import { IconBell, IconBellOff } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { inLanguage, useTexts } from "../shared/i18n/i18n.ts";
import { announce, askToAnnounce, mayAnnounce } from "../shared/live/announce.ts";
import { useSmart } from "../shared/smart/context.tsx";
import type { Thread } from "./threads.ts";

/** Counts what is unread in the window's title, and tells of it on the device, if the reader wants that: never from whom or about whom. */
export function Announcing({ threads }: { threads: readonly Thread[] | undefined }) {
  const { t } = useTexts();
  const { app } = useSmart();
  const [permission, setPermission] = useState(mayAnnounce());
  const known = useRef<Set<string> | undefined>(undefined);
  const unread = threads?.flatMap((one) => one.messages).filter((one) => one.isUnread);
  const n = unread?.length ?? 0;
  const title = inLanguage(app.title);

  useEffect(() => {
    document.title = n > 0 ? `(${n}) ${title}` : title;
  }, [n, title]);

  useEffect(() => {
    if (unread === undefined) return;
    const before = known.current;
    known.current = new Set(unread.map((one) => one.id));
    const fresh = before === undefined ? [] : unread.filter((one) => !before.has(one.id));
    if (fresh.length > 0) announce(fresh.some((one) => one.isUrgent) ? t("newUrgent") : t("newOne"), "message");
  });

  if (permission === "unable" || permission === "denied") return null;
  return permission === "granted" ? (
    <span style={{ fontSize: "0.8125rem" }}><IconBell size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("announcing")}</span>
  ) : (
    <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconBellOff size={16} aria-hidden />} onClick={() => void askToAnnounce().then(() => setPermission(mayAnnounce()))}>{t("announceMe")}</Button>
  );
}
