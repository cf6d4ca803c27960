import { Button, Group, Stack, Text } from "@mantine/core";
import type { Appointment } from "fhir/r4";
import { useState } from "react";

import { useAsk } from "../../shared/fhir/queries.ts";
import { day as dayText } from "../../shared/format/dates.ts";
import { dayOf, timeOf, weekdayName } from "../../shared/format/zone.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { refOf } from "../model/appointments.ts";
import { find } from "../model/asking.ts";
import classes from "./booking.module.css";

const AHEAD_MS = 60 * 86_400_000;
const FIRST = 12;

/** The first times at which all that are wanted are free; one is chosen by a click. */
export function Times({ schedules, together, length, from, preferred, isTaking, onChoose, withNames = true }: {
  schedules: readonly string[];
  together: readonly string[];
  length: number | undefined;
  from: Date;
  /** A time on the clinic's clock that was pointed at. */
  preferred?: string;
  isTaking: boolean;
  onChoose: (proposal: Appointment) => void;
  withNames?: boolean;
}) {
  const { t, language } = useTexts();
  const { shown } = useZone();
  const [count, setCount] = useState(FIRST);
  const query = useAsk<Appointment[]>(["Slot", "Appointment"], ["find", schedules, together, length, from.getTime(), count], (fhir) =>
    find(fhir, { schedules, together, length, from, to: new Date(Math.max(from.getTime(), Date.now()) + AHEAD_MS), count }));
  return (
    <Loaded query={query} lines={4}>
      {(found) => {
        if (found.length === 0) return <Text role="status" fw={600}>{t("noneFree")}</Text>;
        const days = [...new Set(found.map((one) => dayOf(shown(one.start))))];
        const isMissed = preferred !== undefined && !found.some((one) => shown(one.start).slice(0, 16) === preferred.slice(0, 16));
        return (
          <div>
            {isMissed && <Text size="sm" role="status" mb="xs">{t("pointedTaken", { at: timeOf(preferred) })}</Text>}
            <Text size="sm" fw={600} mb={4} id="times-label">{t("firstFree")}</Text>
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard */}
            <div className={classes.times} role="group" aria-labelledby="times-label" tabIndex={0}>
              {days.map((day) => (
                <Stack key={day} gap={4}>
                  <Text size="sm" c="dimmed">{weekdayName(day, language, "long")} {dayText(day)}</Text>
                  <Group gap="xs">
                    {found.filter((one) => dayOf(shown(one.start)) === day).map((one, n) => {
                      const names = one.participant.filter((part) => /^(?:Practitioner|Device|Location)/.test(refOf(part))).map((part) => part.actor?.display).filter(Boolean).join(", ");
                      const at = shown(one.start);
                      const isPointed = preferred?.slice(0, 16) === at.slice(0, 16);
                      return (
                        <Button key={`${at} ${n}`} type="button" size="sm" variant={isPointed ? "filled" : "default"} disabled={isTaking} onClick={() => onChoose(one)} styles={{ label: { whiteSpace: "normal" } }} h="auto" mih={36} py={4}>
                          {timeOf(at)}{withNames && names !== "" && ` · ${names}`}
                        </Button>
                      );
                    })}
                  </Group>
                </Stack>
              ))}
              {found.length >= count && <Button variant="subtle" size="compact-sm" type="button" onClick={() => setCount(count + 24)}>{t("laterTimes")}</Button>}
            </div>
          </div>
        );
      }}
    </Loaded>
  );
}
