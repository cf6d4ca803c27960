import { Anchor, Group, Title } from "@mantine/core";
import { IconFlag } from "@tabler/icons-react";
import { Link } from "wouter";

import { idIn } from "../../shared/fhir/bundle.ts";
import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useLive } from "../../shared/live/LiveUpdates.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { partsOf } from "../parameters.ts";
import { occupants } from "./BedCard.tsx";
import classes from "./beds.module.css";
import { Totals, WardCounts } from "./Counts.tsx";
import { referenceTo, shortName } from "./places.ts";
import { StateLabel } from "./StateLabel.tsx";
import { initials } from "./initials.ts";
import { useBoard, useOccupancy } from "./useBoard.ts";

/** For a screen on a wall, that everybody passes: initials in the place of names, larger, by itself. */
export default function Wall() {
  const { t } = useTexts();
  const board = useBoard();
  const occupancy = useOccupancy();
  const { isLive } = useLive();
  return (
    <main className={classes.wall} data-wall>
      <Group justify="space-between" mb="md">
        <Title order={1}>{t("place.beds")} · {board.data === undefined ? "" : t("asOf", { time: moment(board.data.at) })} {isLive === false && `· ${t("liveOff")}`}</Title>
        <Anchor component={Link} href="/" className="fs-noprint">{t("wallEnd")}</Anchor>
      </Group>
      <Loaded query={occupancy}>{(counts) => <Totals of={partsOf(counts, "total")[0]} />}</Loaded>
      <Loaded query={board} lines={12}>
        {(data) => (
          <div className={classes.wallGrid} style={{ marginTop: "1rem" }}>
            {data.wards.map((ward) => {
              const said = partsOf(occupancy.data, "ward").find((one) => partsOf(one, "location")[0]?.valueReference?.reference === referenceTo(ward.location));
              return (
                <section key={ward.location.id} className={classes.wallWard} aria-label={ward.location.name}>
                  <Title order={2}>{ward.location.name}</Title>
                  {said !== undefined && <WardCounts of={said} />}
                  <ul className={classes.wallBeds}>
                    {ward.beds.map((bed) => {
                      const { state, stays } = occupants(data, bed);
                      const ids = stays.map((stay) => idIn(stay.subject?.reference, "Patient") ?? "");
                      return (
                        <li key={bed.id} className={classes.wallBed}>
                          <span>{shortName(bed, ward.location, data.known)}</span>
                          {ids.length > 0 ? <strong>{ids.map((id) => initials(data.patients.get(id)?.name)).join(", ")}</strong> : <StateLabel state={state} />}
                          {ids.some((id) => data.flags.has(id)) && <span className={classes.flag}><IconFlag size={14} aria-hidden /> {t("flagged")}</span>}
                        </li>
                      );
                    })}
                  </ul>
                </section>
              );
            })}
          </div>
        )}
      </Loaded>
    </main>
  );
}
