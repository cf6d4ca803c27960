import { Alert, Button, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { IconDeviceTv, IconPrinter } from "@tabler/icons-react";
import type { Parameters } from "fhir/r4";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { time } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { numberOf, partsOf } from "../parameters.ts";
import { BedCard, occupants } from "./BedCard.tsx";
import classes from "./beds.module.css";
import { referenceTo, type Ward } from "./places.ts";
import { Totals, WardCounts } from "./Counts.tsx";
import { plannedEnd } from "./stays.ts";
import { useBoard, useOccupancy, type Board } from "./useBoard.ts";
import { Waiting } from "./Waiting.tsx";

const BedDialog = part(() => import("./BedDialog.tsx"));
const SHOWN = ["all", "occupied", "free", "cleaning", "contaminated", "isolated", "closed", "leaving"] as const;
type Shown = (typeof SHOWN)[number];
const KEPT_WARD = "board-ward";

/** What is open: a bed, or a patient who is to be moved, maybe to a bed. */
interface Opened {
  bed?: string;
  move?: string;
  to?: string;
}

/** Wards with their beds, and who lies in them. */
export function Beds() {
  const { t } = useTexts();
  const board = useBoard();
  const occupancy = useOccupancy();
  const [ward, setWard] = useState(() => sessionStorage.getItem(KEPT_WARD) ?? "");
  const [shown, setShown] = useState<Shown>("all");
  const [opened, setOpened] = useState<Opened>();
  return (
    <Stack gap="md">
      <Group justify="space-between" align="end">
        <div>
          <Title order={1}>{t("place.beds")}</Title>
          {board.data !== undefined && <Text size="sm" c="dimmed">{t("asOf", { time: time(board.data.at) })}</Text>}
        </div>
        <Group gap="xs" className="fs-noprint" align="end">
          <NativeSelect label={t("ward")} value={ward} onChange={(event) => chooseWard(event.currentTarget.value)} data={[
            { value: "", label: t("allWards") },
            ...(board.data?.wards ?? []).map((one) => ({ value: referenceTo(one.location), label: one.location.name ?? "" })),
          ]} />
          <NativeSelect label={t("show")} value={shown} onChange={(event) => setShown(event.currentTarget.value as Shown)} data={SHOWN.map((one) => ({ value: one, label: t(`shown.${one}`) }))} />
          <Button variant="default" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
          <Button component={Link} href="/wall" variant="default" leftSection={<IconDeviceTv size={18} aria-hidden />}>{t("wall")}</Button>
        </Group>
      </Group>
      <Loaded query={occupancy} lines={3}>{(counts) => <Totals of={partsOf(counts, "total")[0]} />}</Loaded>
      <Loaded query={board} lines={12}>
        {(data) => <Wards board={data} counts={occupancy.data} ward={ward} shown={shown} onOpen={setOpened} />}
      </Loaded>
      {opened !== undefined && board.data !== undefined && (
        <Suspense>
          <BedDialog board={board.data} bed={opened.bed} move={opened.move} to={opened.to} onClose={() => setOpened(undefined)} />
        </Suspense>
      )}
    </Stack>
  );

  function chooseWard(value: string) {
    setWard(value);
    sessionStorage.setItem(KEPT_WARD, value);
  }
}

function Wards({ board, counts, ward, shown, onOpen }: {
  board: Board;
  counts: Parameters | undefined;
  ward: string;
  shown: Shown;
  onOpen: (what: Opened) => void;
}) {
  const { t } = useTexts();
  const wards = board.wards.filter((one) => ward === "" || referenceTo(one.location) === ward);
  if (board.wards.length === 0) return <Empty title={t("noBeds")}><Text size="sm">{t("noBedsText")}</Text></Empty>;
  const filtered = wards.map((one) => ({ ...one, beds: one.beds.filter((bed) => fits(board, bed, shown)) })).filter((one) => one.beds.length > 0);
  return (
    <>
      {board.isCut && <Alert color="yellow" role="status">{t("cut")}</Alert>}
      <Waiting board={board} onMove={(move) => onOpen({ move })} />
      {filtered.length === 0 && <Empty title={t("noneShown")} />}
      {filtered.map((one) => <WardBeds key={one.location.id} ward={one} board={board} counts={counts} onOpen={onOpen} />)}
    </>
  );
}

function WardBeds({ ward, board, counts, onOpen }: { ward: Ward; board: Board; counts: Parameters | undefined; onOpen: (what: Opened) => void }) {
  const reference = referenceTo(ward.location);
  const said = partsOf(counts, "ward").find((one) => partsOf(one, "location")[0]?.valueReference?.reference === reference);
  const heading = `ward-${ward.location.id ?? ""}`;
  return (
    <section className={classes.ward} aria-labelledby={heading}>
      <Group gap="md" mb={6} align="baseline">
        <Title order={2} id={heading}>{ward.location.name}</Title>
        {said !== undefined && numberOf(said, "beds") !== undefined && <WardCounts of={said} />}
      </Group>
      <ul className={classes.grid}>
        {ward.beds.map((bed) => (
          <li key={bed.id}>
            <BedCard bed={bed} ward={ward.location} board={board} onOpen={() => onOpen({ bed: referenceTo(bed) })} onDrop={(move) => onOpen({ move, to: referenceTo(bed) })} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function fits(board: Board, bed: Ward["location"], shown: Shown): boolean {
  if (shown === "all") return true;
  const { state, stays } = occupants(board, bed);
  if (shown === "leaving") return stays.some((stay) => plannedEnd(stay) !== undefined);
  return state === shown;
}
