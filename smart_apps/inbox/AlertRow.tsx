import { ActionIcon, Button } from "@mantine/core";
import { IconAlertOctagon, IconAlertTriangle, IconClock, IconDots, IconInfoCircle } from "@tabler/icons-react";

import { ago, age, day, moment, time } from "../shared/format/dates.ts";
import { formalName, recordNumber } from "../shared/format/people.ts";
import { level, normalRange, quantity, range } from "../shared/format/quantities.ts";
import { OnDemand } from "../shared/frame/OnDemand.tsx";
import { useMyApps } from "../shared/frame/useMyApps.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { part } from "../shared/parts/part.tsx";
import { useSmart } from "../shared/smart/context.tsx";
import { isMine, minutesUntil, type Alert } from "./alerts.ts";
import type { Earlier } from "./earlier.ts";
import classes from "./inbox.module.css";

const AlertMenu = part(() => import("./AlertMenu.tsx"));
const ICONS = { stat: IconAlertOctagon, asap: IconAlertTriangle, urgent: IconClock, routine: IconInfoCircle };

export type Act = "answer" | "handOver" | "history";

/** One alert: whose, what with unit, range and the value before, when, how long it waits and who is next, and what can be done. */
export function AlertRow({ alert, earlier, me, now, onAct }: { alert: Alert; earlier?: Earlier; me: readonly string[]; now: number; onAct: (what: Act, alert: Alert) => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const Icon = ICONS[alert.priority];
  const isOpen = alert.state === "waiting" || alert.state === "taken";
  const mayChange = isOpen && session.allows("Task", "u");
  return (
    <li className={classes.row} data-priority={alert.priority} data-state={alert.state} data-alert={alert.id}>
      <h2 className={classes.who}><Who alert={alert} />{alert.place !== "" && <span>{alert.place}</span>}</h2>
      <div className={classes.what}>
        <span className={classes.priority} data-priority={alert.priority}><Icon size={17} aria-hidden style={{ verticalAlign: "-3px" }} /> {t(`priority.${alert.priority}`)}</span>
        <Finding alert={alert} earlier={earlier} />
      </div>
      <When alert={alert} now={now} />
      <Clock alert={alert} me={me} now={now} />
      <div className={classes.actions}>
        {mayChange && <Button variant={alert.state === "waiting" ? "filled" : "default"} onClick={() => onAct("answer", alert)}>{alert.state === "waiting" ? t("answer") : t("finish")}</Button>}
        {mayChange && alert.state === "waiting" && <Button variant="default" onClick={() => onAct("handOver", alert)}>{t("handOver")}</Button>}
        <More alert={alert} onHistory={() => onAct("history", alert)} />
      </div>
    </li>
  );
}

function Who({ alert }: { alert: Alert }) {
  const { t } = useTexts();
  const { patient } = alert;
  if (patient === undefined) return <strong>{t("patientHidden")}</strong>;
  const old = age(patient.birthDate);
  return (
    <>
      <strong>{formalName(patient.name)}</strong>
      <span>{t("born")} {patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}{old !== undefined && ` (${t(`ageUnit.${old.unit}`, { n: old.n })})`}</span>
      <span>{t("recordNumber")} {recordNumber(patient.identifier) ?? t("notKnown")}</span>
    </>
  );
}

/** The value with its flag, range and the value before; in words where it isn't one value. */
export function Finding({ alert, earlier }: { alert: Alert; earlier?: Earlier }) {
  const { t } = useTexts();
  const { result } = alert;
  const value = quantity(result?.valueQuantity);
  if (alert.text === undefined) return <span className={classes.finding}>{t("findingHidden")}</span>;
  if (result === undefined || value === "") return <span className={classes.finding}><strong>{alert.title}</strong> {alert.text}</span>;
  const flag = level(result);
  const normal = range(normalRange(result));
  return (
    <>
      <span className={classes.finding}>
        <strong>{alert.title}</strong>{" "}
        <span className={`fs-value ${flag === undefined ? "" : `fs-level-${flag}`}`}>{value}{flag !== undefined && flag !== "N" && ` ${flag} ${flag.startsWith("H") ? "↑".repeat(flag.length) : flag.startsWith("L") ? "↓".repeat(flag.length) : ""}`}</span>
        {flag !== undefined && <span className="fs-hidden"> {t(`level.${flag}`)}</span>}
      </span>
      <span className="fs-unit">{normal === "" ? t("noRange") : t("normal", { range: normal })}</span>
      {earlier !== undefined && <span className="fs-unit">{t("before", { value: earlier.value, at: earlier.at })}{earlier.change !== undefined && <strong> {earlier.change}</strong>}</span>}
      {result.status === "preliminary" && <strong>{t("preliminary")}</strong>}
      {(result.status === "corrected" || result.status === "amended") && <strong>{t("corrected")}</strong>}
      {alert.kind !== "critical-results" && <span>{alert.text}</span>}
    </>
  );
}

function When({ alert, now }: { alert: Alert; now: number }) {
  const { t } = useTexts();
  const taken = alert.result?.effectiveDateTime ?? alert.result?.effectivePeriod?.start;
  return (
    <div className={classes.when}>
      {taken !== undefined && <span>{t("takenAt", { at: moment(taken) })}</span>}
      {alert.result?.issued !== undefined && <span>{t("reportedAt", { at: moment(alert.result.issued) })}</span>}
      <span>{t("toldAt", { at: moment(alert.since) })} ({ago(alert.since, now)})</span>
    </div>
  );
}

function Clock({ alert, me, now }: { alert: Alert; me: readonly string[]; now: number }) {
  const { t } = useTexts();
  const owner = isMine(alert, me) ? t("you") : alert.ownerName === "" ? t("nobody") : alert.ownerName;
  if (alert.state === "done") return <div className={classes.clock}>{t("doneBy", { name: owner, at: moment(alert.askedAt) })}</div>;
  if (alert.state === "withdrawn") return <div className={classes.clock}>{t("noLonger")}</div>;
  if (alert.state === "taken") return <div className={classes.clock}><strong>{t("takenBy", { name: owner, at: time(alert.askedAt) })}</strong></div>;
  const left = alert.escalatesAt === undefined ? undefined : minutesUntil(alert.escalatesAt, now);
  const waits = Math.max(0, -minutesUntil(alert.since, now));
  return (
    <div className={classes.clock}>
      <div><strong>{t("waits", { n: waits })}</strong> · {t("asked", { name: owner })}</div>
      {alert.isUnanswered && <strong className="fs-level-HH">{t("unanswered")}</strong>}
      {left !== undefined && !alert.isUnanswered && (
        <div className={left <= 5 ? "fs-level-H" : undefined}>
          {alert.nextName === "" ? t("goesOn", { n: Math.max(0, left), at: time(alert.escalatesAt) }) : t("goesOnTo", { n: Math.max(0, left), at: time(alert.escalatesAt), name: alert.nextName })}
        </div>
      )}
    </div>
  );
}

function More({ alert, onHistory }: { alert: Alert; onHistory: () => void }) {
  const { t } = useTexts();
  const apps = useMyApps().map((one) => one.name);
  const id = alert.patientId ?? "";
  const button = <ActionIcon variant="default" size={36} aria-label={t("moreOf", { name: formalName(alert.patient?.name) })}><IconDots size={18} /></ActionIcon>;
  return (
    <>
      {apps.includes("chart") && id !== "" && <Button component="a" variant="default" href={`/apps/chart/patients/${id}`}>{t("chartOf")}</Button>}
      <OnDemand button={button} menu={AlertMenu} given={{ alert, onHistory }} />
    </>
  );
}
