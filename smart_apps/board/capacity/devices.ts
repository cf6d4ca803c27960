import type { Device } from "fhir/r4";

export type DeviceState = "free" | "inUse" | "notReady" | "outOfOrder";

const REASONS = "http://terminology.hl7.org/CodeSystem/device-status-reason";
/** As fhirserver/wards/devices.py reads it. */
const STATES: Record<string, DeviceState> = {
  online: "inUse", standby: "free", off: "free", "not-ready": "notReady", paused: "notReady",
  offline: "outOfOrder", "hw-discon": "outOfOrder", "transduc-discon": "outOfOrder",
};

/** One that says nothing is free. */
export function deviceState(device: Device): DeviceState {
  if ((device.status ?? "active") !== "active") return "outOfOrder";
  const codes = (device.statusReason ?? []).flatMap((concept) => concept.coding ?? []).filter((coding) => coding.system === REASONS);
  return codes.map((coding) => STATES[coding.code ?? ""]).find((state) => state !== undefined) ?? "free";
}

/** What a device is, as $capacity names it. */
export function typeName(device: Device): string {
  const codings = device.type?.coding ?? [];
  return device.type?.text ?? codings.find((coding) => coding.display !== undefined)?.display ?? codings.find((coding) => coding.code !== undefined)?.code ?? "";
}

/** The reasons of a device that is ready to be used. */
export function ready(device: Device): NonNullable<Device["statusReason"]> {
  const others = (device.statusReason ?? []).filter((concept) => concept.coding?.some((coding) => coding.system === REASONS) !== true);
  return [...others, { coding: [{ system: REASONS, code: "standby", display: "Standby" }] }];
}
