import type { Duration, MedicationDispense, MedicationRequest } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";

const DAY_MS = 86_400_000;
const DAYS_IN: Record<string, number> = { d: 1, wk: 7, mo: 30, a: 365 };
/** What never left the pharmacy isn't counted, as the server doesn't. */
const NOTHING = new Set(["cancelled", "declined", "entered-in-error", "on-hold", "unknown"]);
/** Fills of a part of what was prescribed: https://terminology.hl7.org/CodeSystem-v3-ActCode.html */
const PART_FILLS = new Set(["DF", "EM", "FFP", "RFP", "TF", "UD", "FFPS", "RFPS", "TFS", "TB"]);

/** How long before a supply is used up the next one may wait in the pharmacy. */
export const AHEAD_DAYS = 7;

/** What was dispensed under a prescription, and what may be yet. */
export interface Supply {
  /** How many times it was dispensed. */
  fills: number;
  /** How many repeats there are; undefined where the prescription doesn't say. */
  repeats?: number;
  /** Until when the last supply lasts, as far as it is known. */
  lastsUntil?: Date;
  /** Whether nothing may be dispensed any more: all repeats are used, or its validity has ended. */
  isOver: boolean;
}

/** What was dispensed under a prescription, the newest last. */
export function dispensesOf(request: MedicationRequest, dispensed: readonly MedicationDispense[]): MedicationDispense[] {
  return dispensed
    .filter((one) => !NOTHING.has(one.status) && (one.authorizingPrescription ?? []).some((ref) => idIn(ref.reference, "MedicationRequest") === request.id))
    .sort((a, b) => Date.parse(handedOver(a) ?? "") - Date.parse(handedOver(b) ?? ""));
}

function handedOver(dispense: MedicationDispense): string | undefined {
  return dispense.whenHandedOver ?? dispense.whenPrepared;
}

/** https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.dispenseRequest */
export function supplyOf(request: MedicationRequest, dispensed: readonly MedicationDispense[], now = new Date()): Supply {
  const own = dispensesOf(request, dispensed);
  const asked = request.dispenseRequest;
  const repeats = asked?.numberOfRepeatsAllowed;
  const ends = own.map((one) => {
    const days = daysOf(one.daysSupply) ?? daysOf(asked?.expectedSupplyDuration);
    const from = handedOver(one);
    return days === undefined || from === undefined ? undefined : Date.parse(from) + days * DAY_MS;
  }).filter((one) => one !== undefined);
  return {
    fills: own.length,
    repeats,
    lastsUntil: ends.length === 0 ? undefined : new Date(Math.max(...ends)),
    isOver: isUsedUp(request, own) || endOf(asked?.validityPeriod?.end) <= now.getTime(),
  };
}

/** Whether the pharmacy has something to do: the first supply, or a repeat when the last is nearly used up. */
export function isDue(supply: Supply, now = new Date()): boolean {
  if (supply.isOver) return false;
  if (supply.fills === 0) return true;
  return supply.repeats !== undefined && supply.lastsUntil !== undefined && supply.lastsUntil.getTime() <= now.getTime() + AHEAD_DAYS * DAY_MS;
}

/** As the server counts: quantities where one is prescribed, else how many times, unless only a part was dispensed. */
function isUsedUp(request: MedicationRequest, own: readonly MedicationDispense[]): boolean {
  const { quantity, numberOfRepeatsAllowed: repeats } = request.dispenseRequest ?? {};
  if (quantity?.value !== undefined) {
    const given = own.reduce((sum, one) => sum + (one.quantity?.value ?? 0), 0);
    return given >= quantity.value * (1 + (repeats ?? 0));
  }
  const isPart = own.some((one) => one.type?.coding?.some((coding) => PART_FILLS.has(coding.code ?? "")) === true);
  return repeats !== undefined && !isPart && own.length > repeats;
}

function daysOf(duration: Duration | undefined): number | undefined {
  const days = DAYS_IN[duration?.code ?? duration?.unit ?? ""];
  return days === undefined || duration?.value === undefined ? undefined : duration.value * days;
}

/** The end of a day, a month or a year, or the moment itself. */
function endOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (text.includes("T")) return Date.parse(text);
  const [year = 0, month, day] = text.split("-").map(Number);
  if (month === undefined) return new Date(year + 1, 0, 1).getTime();
  return (day === undefined ? new Date(year, month, 1) : new Date(year, month - 1, day + 1)).getTime();
}
