import { IconBed, IconBiohazard, IconCheck, IconLock, IconQuestionMark, IconShield, IconSpray } from "@tabler/icons-react";

import { useTexts } from "../../shared/i18n/i18n.ts";
import classes from "./beds.module.css";
import type { BedState } from "./places.ts";

const ICONS = {
  occupied: IconBed, free: IconCheck, cleaning: IconSpray, contaminated: IconBiohazard, isolated: IconShield, closed: IconLock, unknown: IconQuestionMark,
} as const;

/** A bed's state: icon and word. */
export function StateLabel({ state }: { state: BedState }) {
  const { t } = useTexts();
  const Icon = ICONS[state];
  return (
    <span className={classes.state} data-state={state}>
      <Icon size={15} aria-hidden /> {t(`state.${state}`)}
    </span>
  );
}
