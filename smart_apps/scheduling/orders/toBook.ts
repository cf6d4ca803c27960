import type { Appointment, Bundle, ServiceRequest } from "fhir/r4";

import { idIn, resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import type { Row } from "../model/rows.ts";

/** What says of an order that images are to be made: SNOMED CT, and the sections of HL7 table 0074. */
export const IMAGING = [
  "http://snomed.info/sct|363679005",
  ...["RAD", "RUS", "CT", "NMR", "NMS", "IMG"].map((code) => `http://terminology.hl7.org/CodeSystem/v2-0074|${code}`),
].join(",");

const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const OFF = new Set<Appointment["status"]>(["cancelled", "noshow", "entered-in-error"]);
const URGENT: Record<string, number> = { stat: 0, asap: 1, urgent: 2, routine: 3 };

/** The orders that no appointment is for: the most urgent first, then the oldest. */
export function toBook(bundle: Bundle): Stored<ServiceRequest>[] {
  const booked = new Set(resourcesOf<Appointment>(bundle, "Appointment")
    .filter((one) => !OFF.has(one.status))
    .flatMap((one) => (one.basedOn ?? []).map((order) => idIn(order.reference, "ServiceRequest"))));
  return resourcesOf<Stored<ServiceRequest>>(bundle, "ServiceRequest")
    .filter((one) => !booked.has(one.id))
    .sort((a, b) => rank(a) - rank(b) || (a.authoredOn ?? "").localeCompare(b.authoredOn ?? ""));
}

function rank(order: ServiceRequest): number {
  return URGENT[order.priority ?? "routine"] ?? 3;
}

/** By which machine the images are made: CT, MR, DX, US; undefined where the order doesn't say. */
export function modalityOf(order: ServiceRequest): string | undefined {
  return [...(order.category ?? []), ...(order.orderDetail ?? []), ...(order.code === undefined ? [] : [order.code])]
    .flatMap((concept) => concept.coding ?? [])
    .find((coding) => coding.system === DCM)?.code;
}

/** The machines with a calendar that can do it; of an order that doesn't say by which, nobody guesses. */
export function rowsFor(order: ServiceRequest, rows: readonly Row[]): Row[] {
  const modality = modalityOf(order);
  return modality === undefined ? [] : rows.filter((row) => row.modality === modality);
}
