import { Alert } from "@mantine/core";
import { onlineManager } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTexts } from "../i18n/i18n.ts";

import { time } from "../format/dates.ts";

/** Says since when there is no connection, and so how old what is shown may be. */
export function Offline() {
  const { t } = useTexts();
  const [since, setSince] = useState<Date>();
  useEffect(() => onlineManager.subscribe((isOnline) => setSince(isOnline ? undefined : new Date())), []);
  if (since === undefined) return null;
  return <Alert role="alert" color="yellow" radius={0}>{t("offline", { time: time(since) })}</Alert>;
}
