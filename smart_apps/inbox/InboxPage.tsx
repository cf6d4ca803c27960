import { Alert as Notice, Button, NativeSelect, SegmentedControl, Text, TextInput, Title } from "@mantine/core";
import { IconBell, IconSearch } from "@tabler/icons-react";
import { Suspense, useState } from "react";

import { formalName } from "../shared/format/people.ts";
import { useSetting } from "../shared/forms/setting.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loaded } from "../shared/states/Loaded.tsx";
import { isMine, matches, type Alert, type Filter } from "./alerts.ts";
import { AlertRow, type Act } from "./AlertRow.tsx";
import classes from "./inbox.module.css";
import { useAlerts, useEarlier, type Tab } from "./useAlerts.ts";
import { useBell, type BellSettings } from "./useBell.ts";
import { useMyself } from "./useMyself.ts";
import { useNow } from "./useNow.ts";
import { useHeld, useSteady } from "./useSteady.ts";

const Answer = part(() => import("./Answer.tsx"));
const HandOver = part(() => import("./HandOver.tsx"));
const History = part(() => import("./History.tsx"));
const Settings = part(() => import("./Settings.tsx"));

const QUIET: BellSettings = { critical: true, others: false };
const NONE: readonly Alert[] = [];

/** Who needs somebody now: the alerts that wait, or that were answered today. */
export function InboxPage({ tab }: { tab: Tab }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMyself();
  const [whose, choose] = useSetting<Filter["whose"]>("alerts of", "mine");
  const [bell, setBell] = useSetting<BellSettings>("bell", QUIET);
  const [filter, setFilter] = useState({ ward: "", kind: "", text: "" });
  const { isHeld, held } = useHeld();
  const [open, setOpen] = useState<{ what: Act; alert: Alert } | "settings">();
  const now = useNow();
  // In a launch for a patient it is all of theirs.
  const isOfOne = session.grant.patient !== undefined;
  const all: Filter = { ...filter, whose: isOfOne || session.grant.fhirUser === undefined ? "all" : whose };
  const { query, alerts, isCut } = useAlerts(tab, undefined);
  useBell(tab === "open" ? alerts : undefined, me, bell);
  const wanted = useSteady(alerts ?? NONE, isHeld || open !== undefined);
  const shown = wanted.shown.filter((one) => matches(one, all, me));
  const fresh = wanted.fresh.filter((one) => matches(one, all, me));
  const earlier = useEarlier(alerts);
  const wards = [...new Set((alerts ?? []).map((one) => one.ward).filter((ward) => ward !== ""))].sort();
  const kinds = [...new Set((alerts ?? []).map((one) => one.kind).filter((kind) => kind !== ""))].sort();
  const critical = (alerts ?? []).find((one) => one.state === "waiting" && one.priority === "stat" && isMine(one, me));

  return (
    <>
      <div style={{ display: "flex", justifyContent: "space-between", alignItems: "center", gap: 8 }}>
        <Title order={1}>{t(tab === "open" ? "open" : "answered")}</Title>
        <Button variant="subtle" color="gray" leftSection={<IconBell size={18} aria-hidden />} onClick={() => setOpen("settings")}>{t("sound")}</Button>
      </div>
      <div className={classes.filters}>
        {!isOfOne && <SegmentedControl aria-label={t("whose")} value={whose} onChange={(value) => choose(value)} data={[{ value: "mine", label: t("mine") }, { value: "all", label: t("all") }]} />}
        {wards.length > 1 && <NativeSelect aria-label={t("ward")} value={filter.ward} onChange={(event) => setFilter({ ...filter, ward: event.currentTarget.value })} data={[{ value: "", label: t("everyWard") }, ...wards]} />}
        {kinds.length > 1 && <NativeSelect aria-label={t("kindOf")} value={filter.kind} onChange={(event) => setFilter({ ...filter, kind: event.currentTarget.value })} data={[{ value: "", label: t("everyKind") }, ...kinds.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))]} />}
        <TextInput aria-label={t("find")} placeholder={t("find")} leftSection={<IconSearch size={16} aria-hidden />} value={filter.text} onChange={(event) => setFilter({ ...filter, text: event.currentTarget.value })} />
      </div>
      <div role="alert" className="fs-hidden">{critical !== undefined && t("criticalSaid", { title: critical.title, name: formalName(critical.patient?.name) })}</div>
      {fresh.length > 0 && (
        <Notice className={classes.news} color="red" variant="filled" p="xs" role="status">
          <Button variant="white" color="dark" size="compact-md" onClick={wanted.show}>{t("news", { n: fresh.length })}</Button>{" "}
          {fresh.slice(0, 2).map((one) => `${one.title} · ${formalName(one.patient?.name)}`).join("; ")}
        </Notice>
      )}
      <Loaded query={query} lines={6}>
        {() => shown.length === 0 ? (
          <Empty title={all.whose === "mine" ? t("noneMine") : t("none")}>
            {all.whose === "mine" && (alerts ?? []).some((one) => matches(one, { ...all, whose: "all" }, me)) && <Button variant="default" onClick={() => choose("all")}>{t("showAll")}</Button>}
          </Empty>
        ) : (
          <ul className={classes.list} aria-label={t(tab === "open" ? "open" : "answered")} ref={held}>
            {shown.map((one) => <AlertRow key={one.id} alert={one} earlier={earlier.get(one.id)} me={me} now={now} onAct={(what, alert) => setOpen({ what, alert })} />)}
          </ul>
        )}
      </Loaded>
      {isCut && <Text c="dimmed" mt="sm">{t("cut")}</Text>}
      <Suspense>
        {open === "settings" && <Settings bell={bell} onBell={setBell} onClose={() => setOpen(undefined)} />}
        {open !== undefined && open !== "settings" && open.what === "answer" && <Answer alert={open.alert} earlier={earlier.get(open.alert.id)} onClose={() => setOpen(undefined)} />}
        {open !== undefined && open !== "settings" && open.what === "handOver" && <HandOver alert={open.alert} me={me} onClose={() => setOpen(undefined)} />}
        {open !== undefined && open !== "settings" && open.what === "history" && <History alert={open.alert} onClose={() => setOpen(undefined)} />}
      </Suspense>
    </>
  );
}
