import { Alert, Button, Modal, Table } from "@mantine/core";
import type { Device } from "fhir/r4";

import { allPages } from "../../shared/fhir/pages.ts";
import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { useReason } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { deviceState, ready, typeName } from "./devices.ts";

/** The machines behind a number. */
export default function DeviceList({ type, onClose }: { type: string; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const reason = useReason();
  const devices = useAsk(["Device"], ["devices"], (fhir) => allPages<Device>(fhir, "Device", { _count: 250 }, 40));
  const making = useChange(["Device"], (fhir, device: Device) => fhir.patch<Device>("Device", device.id ?? "", [{ op: device.statusReason === undefined ? "add" : "replace", path: "/statusReason", value: ready(device) }], device.meta?.versionId));
  return (
    <Modal opened onClose={onClose} size="lg" title={type === "" ? t("otherMachines") : type} closeButtonProps={{ "aria-label": t("close") }}>
      {making.isError && <Alert role="alert" color="red" title={t("notSaved")} mb="sm">{reason(making.error)}</Alert>}
      <Loaded query={devices} lines={8}>
        {({ resources, isCut }) => {
          const found = resources.filter((one) => typeName(one) === type).sort((a, b) => nameOf(a).localeCompare(nameOf(b), undefined, { numeric: true }));
          if (found.length === 0) return <Empty title={t("noMachines")} />;
          return (
            <>
              {isCut && <Alert color="yellow" role="status">{t("cut")}</Alert>}
              <Table className="fs-cards">
                <Table.Thead><Table.Tr><Table.Th scope="col">{t("name")}</Table.Th><Table.Th scope="col">{t("where")}</Table.Th><Table.Th scope="col">{t("bedState")}</Table.Th><Table.Td /></Table.Tr></Table.Thead>
                <Table.Tbody>
                  {found.map((device) => {
                    const state = deviceState(device);
                    return (
                      <Table.Tr key={device.id}>
                        <Table.Th scope="row">{nameOf(device)}</Table.Th>
                        <Table.Td data-label={t("where")}>{device.location?.display ?? device.location?.reference ?? t("notKnown")}</Table.Td>
                        <Table.Td data-label={t("bedState")}>{t(`device.${state}`)}</Table.Td>
                        <Table.Td>
                          {state === "notReady" && session.allows("Device", "u") && (
                            <Button size="xs" variant="default" loading={making.isPending && making.variables.id === device.id} onClick={() => making.mutate(device, { onSuccess: () => told(t("madeReady", { name: nameOf(device) })) })}>{t("makeReady")}</Button>
                          )}
                        </Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
            </>
          );
        }}
      </Loaded>
    </Modal>
  );
}

function nameOf(device: Device): string {
  return device.deviceName?.[0]?.name ?? device.identifier?.[0]?.value ?? device.serialNumber ?? device.id ?? "";
}
