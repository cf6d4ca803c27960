import { useEffect, useRef } from "react";

import { inLanguage, useTexts } from "../shared/i18n/i18n.ts";
import { announce } from "../shared/live/announce.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { isMine, type Alert } from "./alerts.ts";
import { ring } from "./sound.ts";

export interface BellSettings {
  critical: boolean;
  others: boolean;
}

/** Rings for what is newly asked of the reader, and counts what waits for them in the window's title: "(3) Alerts". */
export function useBell(alerts: readonly Alert[] | undefined, me: readonly string[], settings: BellSettings): void {
  const { t } = useTexts();
  const { app } = useSmart();
  const known = useRef<Set<string> | undefined>(undefined);
  const mine = alerts?.filter((one) => one.state === "waiting" && isMine(one, me));
  const waiting = mine?.length ?? 0;
  const title = inLanguage(app.title);

  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
    return () => {
      document.title = title;
    };
  }, [title, waiting]);

  useEffect(() => {
    if (mine === undefined || me.length === 0) return;
    const before = known.current;
    // One that comes back to the reader rings again.
    known.current = new Set(mine.map((one) => `${one.id} ${one.owner ?? ""}`));
    if (before === undefined) return;
    const fresh = mine.filter((one) => !before.has(`${one.id} ${one.owner ?? ""}`));
    if (fresh.length === 0) return;
    const isCritical = fresh.some((one) => one.priority === "stat" || one.priority === "asap");
    if (isCritical ? settings.critical : settings.others) ring();
    announce(isCritical ? t("newCriticalForYou") : t("newForYou"), "alert");
  });
}
