import { Anchor, Text } from "@mantine/core";
import type { Parameters } from "fhir/r4";
import { Link } from "wouter";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useCapacity, useOccupancy } from "../beds/useBoard.ts";
import { numberOf, partsOf, textOf } from "../parameters.ts";
import classes from "./metrics.module.css";

/** SNOMED CT: mechanical ventilator, ventilator; infusion pump. */
const MACHINES = { ventilators: ["449071006", "706172005"], pumps: ["430033006"] } as const;

/** Beds, ventilators, pumps and staff at this moment. */
export function Now() {
  const occupancy = useOccupancy();
  const capacity = useCapacity();
  return (
    <ul className={classes.tiles}>
      <li>
        <Loaded query={occupancy} lines={3}>
          {(said) => {
            const total = partsOf(said, "total")[0];
            return <Tile name="bedsNow" href="/" value={numberOf(total, "occupied") ?? 0} of={numberOf(total, "beds") ?? 0} time={textOf(said, "time")} />;
          }}
        </Loaded>
      </li>
      {(["ventilators", "pumps"] as const).map((what) => (
        <li key={what}>
          <Loaded query={capacity} lines={3}>
            {(said) => <Tile name={`${what}Now`} href="/capacity" value={sum(said, MACHINES[what], "inUse")} of={sum(said, MACHINES[what], "total")} time={textOf(said, "time")} />}
          </Loaded>
        </li>
      ))}
      <li>
        <Loaded query={capacity} lines={3}>
          {(said) => <Tile name="staffNow" href="/capacity" value={partsOf(said, "staff").reduce((all, one) => all + (numberOf(one, "onDuty") ?? 0), 0)} time={textOf(said, "time")} />}
        </Loaded>
      </li>
    </ul>
  );
}

function Tile({ name, href, value, of, time }: { name: string; href: string; value: number; of?: number; time: string | undefined }) {
  const { t } = useTexts();
  return (
    <section className={classes.tile} aria-label={t(name)}>
      <Anchor component={Link} href={href} fw={600}>{t(name)}</Anchor>
      <span className={classes.value} data-now={name}>{value}{of !== undefined && <span className={classes.unit}> {t("ofBeds", { n: of })}</span>}</span>
      <Text className={classes.small}>{t("asOf", { time: moment(time) })}</Text>
    </section>
  );
}

function sum(said: Parameters, codes: readonly string[], count: string): number {
  return partsOf(said, "device").filter((one) => codes.includes(textOf(one, "code") ?? "")).reduce((all, one) => all + (numberOf(one, count) ?? 0), 0);
}
