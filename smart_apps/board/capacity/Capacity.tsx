import { Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import type { Parameters } from "fhir/r4";
import { Suspense, useState } from "react";

import { day, moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useCapacity, useOccupancy } from "../beds/useBoard.ts";
import { numberOf, partsOf, textOf } from "../parameters.ts";

const DeviceList = part(() => import("./DeviceList.tsx"));
const DAYS = 7;
/** SNOMED CT: infusion pump, ventilator, mechanical ventilator; the last is shown first. */
const FIRST = ["430033006", "706172005", "449071006"];

/** What is free now and in the coming days: beds, machines, people. */
export default function Capacity() {
  const { t } = useTexts();
  const occupancy = useOccupancy(DAYS);
  const capacity = useCapacity();
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <div>
          <Title order={1}>{t("place.capacity")}</Title>
          {capacity.data !== undefined && <Text size="sm" c="dimmed">{t("asOf", { time: moment(textOf(capacity.data, "time")) })}</Text>}
        </div>
        <Button variant="default" className="fs-noprint" leftSection={<IconPrinter size={18} aria-hidden />} onClick={() => window.print()}>{t("print")}</Button>
      </Group>
      <section aria-labelledby="forecast">
        <Title order={2} id="forecast">{t("forecast")}</Title>
        <Text size="sm" c="dimmed" mb="xs">{t("forecastText")}</Text>
        <Loaded query={occupancy} lines={7}>{(said) => <Forecast of={said} />}</Loaded>
      </section>
      <Loaded query={capacity} lines={10}>{(said) => <><Machines of={said} /><Staff of={said} /></>}</Loaded>
    </Stack>
  );
}

function Forecast({ of }: { of: Parameters }) {
  const { t } = useTexts();
  const wards = partsOf(of, "ward");
  const days = partsOf(wards[0], "forecast").map((one) => textOf(one, "date") ?? "");
  if (wards.length === 0) return <Empty title={t("noBeds")} />;
  return (
    <Table className="fs-cards">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("ward")}</Table.Th><Table.Th scope="col">{t("occupiedNow")}</Table.Th>
          {days.map((date) => <Table.Th key={date} scope="col" style={{ whiteSpace: "nowrap" }}>{day(date)}</Table.Th>)}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {wards.map((ward) => {
          const name = textOf(ward, "location") ?? "";
          return (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td data-label={t("occupiedNow")}>{numberOf(ward, "occupied")} {t("ofBeds", { n: numberOf(ward, "beds") ?? 0 })}</Table.Td>
              {partsOf(ward, "forecast").map((one) => {
                const date = textOf(one, "date") ?? "";
                const [occupied, discharges, arrivals] = [numberOf(one, "occupied") ?? 0, numberOf(one, "discharges") ?? 0, numberOf(one, "arrivals") ?? 0];
                return (
                  <Table.Td key={date} data-label={day(date)}>
                    {occupied}{discharges + arrivals > 0 && ` (${t("comeAndGo", { discharges, arrivals })})`}
                  </Table.Td>
                );
              })}
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

function Machines({ of }: { of: Parameters }) {
  const { t } = useTexts();
  const [open, setOpen] = useState<string>();
  const machines = partsOf(of, "device").sort((a, b) => FIRST.indexOf(textOf(b, "code") ?? "") - FIRST.indexOf(textOf(a, "code") ?? ""));
  return (
    <section aria-labelledby="machines">
      <Title order={2} id="machines" mb="xs">{t("machines")}</Title>
      {machines.length === 0 ? <Empty title={t("noMachines")} /> : (
        <Table className="fs-cards">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("machine")}</Table.Th>
              {(["free", "inUse", "notReady", "outOfOrder", "total"] as const).map((one) => <Table.Th key={one} scope="col">{t(one)}</Table.Th>)}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {machines.map((one) => {
              const type = textOf(one, "type") ?? "";
              const name = type === "" ? t("otherMachines") : type;
              return (
                <Table.Tr key={name}>
                  <Table.Th scope="row">
                    <button type="button" className="fs-plain" style={{ color: "var(--fs-accent)", textDecoration: "underline" }} aria-label={t("listOf", { what: name })} onClick={() => setOpen(type)}>{name}</button>
                  </Table.Th>
                  {(["free", "inUse", "notReady", "outOfOrder", "total"] as const).map((count) => <Table.Td key={count} data-label={t(count)} fw={count === "free" ? 600 : 400}>{numberOf(one, count) ?? 0}</Table.Td>)}
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      )}
      {open !== undefined && <Suspense><DeviceList type={open} onClose={() => setOpen(undefined)} /></Suspense>}
    </section>
  );
}

/** Those that the server knows: others are shown by the name that they were given. */
const ROLES = ["doctor", "nurse", "labtech", "radiologist", "pharmacist", "reception", "admin", "auditor", "integrator"] as const;

function Staff({ of }: { of: Parameters }) {
  const { t } = useTexts();
  const staff = partsOf(of, "staff");
  const roles: Record<string, string> = Object.fromEntries(ROLES.map((role) => [role, t(`roleName.${role}`)]));
  return (
    <section aria-labelledby="staff">
      <Title order={2} id="staff" mb="xs">{t("staff")}</Title>
      {staff.length === 0 ? <Empty title={t("noStaff")} /> : (
        <Table className="fs-cards" maw={640}>
          <Table.Thead>
            <Table.Tr><Table.Th scope="col">{t("department")}</Table.Th><Table.Th scope="col">{t("role")}</Table.Th><Table.Th scope="col">{t("onDuty")}</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {staff.map((one, n) => (
              <Table.Tr key={n}>
                <Table.Th scope="row">{textOf(one, "department")}</Table.Th>
                <Table.Td data-label={t("role")}>{roles[textOf(one, "role") ?? ""] ?? textOf(one, "role")}</Table.Td>
                <Table.Td data-label={t("onDuty")} fw={600}>{numberOf(one, "onDuty") ?? 0}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
