import type { CodeableConcept, Coding, Identifier, Reference, ServiceRequest } from "fhir/r4";

import { accession } from "./accession.ts";

export const ENTRY = "https://fhirserver.example/order-entry";
const ACCESSION = "https://fhirserver.example/accession";

/** What can be ordered from here: a test or panel of the laboratory (LOINC), or an examination of imaging (SNOMED CT). */
export interface Item {
  kind: "laboratory" | "imaging";
  name: string;
  coding: Coding;
  /** By which machine images are made: CT, DX, US. */
  modality?: Coding;
}

const LOINC = "http://loinc.org";
const SNOMED = "http://snomed.info/sct";
const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const MODALITIES = { CT: "Computed Tomography", DX: "Digital Radiography", US: "Ultrasound" } as const;

const lab = (code: string, name: string, display: string): Item => ({ kind: "laboratory", name, coding: { system: LOINC, code, display } });
const image = (code: string, display: string, modality: keyof typeof MODALITIES): Item => ({
  kind: "imaging", name: display, coding: { system: SNOMED, code, display }, modality: { system: DCM, code: modality, display: MODALITIES[modality] },
});

export const CATALOGUE: readonly Item[] = [
  lab("58410-2", "Full blood count", "CBC panel - Blood by Automated count"),
  lab("24321-2", "Basic metabolic panel", "Basic metabolic 2000 panel - Serum or Plasma"),
  lab("24325-3", "Liver function", "Hepatic function 2000 panel - Serum or Plasma"),
  lab("1988-5", "C-reactive protein", "C reactive protein [Mass/volume] in Serum or Plasma"),
  lab("33959-8", "Procalcitonin", "Procalcitonin [Mass/volume] in Serum or Plasma"),
  lab("2524-7", "Lactate", "Lactate [Moles/volume] in Serum or Plasma"),
  lab("89579-7", "Troponin I, high sensitivity", "Troponin I.cardiac [Mass/volume] in Serum or Plasma by High sensitivity immunoassay"),
  lab("33762-6", "NT-proBNP", "Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma"),
  lab("34528-0", "Coagulation", "PT panel - Platelet poor plasma by Coagulation assay"),
  lab("24336-0", "Arterial blood gas", "Gas panel - Arterial blood"),
  lab("4548-4", "HbA1c", "Hemoglobin A1c/Hemoglobin.total in Blood"),
  lab("24331-1", "Lipids", "Lipid 1996 panel - Serum or Plasma"),
  lab("24348-5", "Thyroid function", "Free T4 and TSH panel - Serum or Plasma"),
  lab("2276-4", "Ferritin", "Ferritin [Mass/volume] in Serum or Plasma"),
  lab("24357-6", "Urinalysis", "Urinalysis macro (dipstick) panel - Urine"),
  lab("600-7", "Blood culture", "Bacteria identified in Blood by Culture"),
  lab("630-4", "Urine culture", "Bacteria identified in Urine by Culture"),
  image("399208008", "Plain chest X-ray", "DX"),
  image("60027007", "Radiography of wrist", "DX"),
  image("19490002", "Ankle X-ray", "DX"),
  image("74016001", "Radiography of knee", "DX"),
  image("303653007", "Computed tomography of head", "CT"),
  image("169069000", "Computed tomography of chest", "CT"),
  image("169070004", "Computed tomography of abdomen", "CT"),
  image("40701008", "Echocardiography", "US"),
];

const CATEGORY: Record<Item["kind"], Coding> = {
  laboratory: { system: SNOMED, code: "108252007", display: "Laboratory procedure" },
  imaging: { system: SNOMED, code: "363679005", display: "Imaging" },
};

/** An order of the basket. */
export interface Wanted {
  item: Item;
  priority: "routine" | "urgent" | "stat";
  reason: string;
  /** Whether a contrast medium is given into the vein. */
  hasContrast?: boolean;
}

/** Of whom, from whom and for whom orders are. */
export interface About {
  patient: string;
  encounter?: string;
  requester?: Reference;
  /** Who carries them out: they see by that whose the orders are. */
  performers: Partial<Record<Item["kind"], Reference>>;
  at: string;
  /** Makes each of the orders one, however often it is sent. */
  id: string;
  /** The accession number of each order for images. */
  accessions: readonly string[];
}

/** What an examination by X-rays may be made with: the checks compare it with allergies and renal function. */
const CONTRAST: CodeableConcept = { coding: [{ system: "http://www.whocc.no/atc", code: "V08A", display: "X-ray contrast media, iodinated" }], text: "Iodinated contrast medium" };

/** Whether there is a choice of contrast medium for it. */
export function takesContrast(item: Item): boolean {
  return item.modality?.code === "CT";
}

/** How a draft is known before it is stored. */
export function draftId(item: Item): string {
  return `draft-${item.coding.code ?? ""}`;
}

/** The orders as they are checked before they are signed. */
export function draftsOf(basket: readonly Wanted[], about: About): (ServiceRequest & { id: string })[] {
  return ordersOf(basket, about).map((order, n) => ({ ...order, id: draftId((basket[n] as Wanted).item), status: "draft" }));
}

/** Accession numbers for as many orders as a basket may have. */
export function accessionsFor(basket: readonly Wanted[]): string[] {
  return basket.map(() => accession());
}

function categoryOf({ kind, modality }: Item): CodeableConcept[] {
  const category = { coding: [CATEGORY[kind]], text: CATEGORY[kind].display };
  return modality === undefined ? [category] : [category, { coding: [modality], text: modality.display }];
}

/** The orders that are signed together: each is created once, however often they are sent. */
export function ordersOf(basket: readonly Wanted[], about: About): ServiceRequest[] {
  return basket.map(({ item, priority, reason, hasContrast }, n) => {
    const performer = about.performers[item.kind];
    return {
      resourceType: "ServiceRequest",
      identifier: [{ system: ENTRY, value: `${about.id}-${n + 1}` }, ...numberOf(item, about.accessions[n])],
      requisition: { system: ENTRY, value: about.id },
      status: "active",
      intent: "order",
      priority,
      category: categoryOf(item),
      code: { coding: [item.coding], text: item.name },
      ...(hasContrast === true ? { orderDetail: [CONTRAST] } : {}),
      subject: { reference: `Patient/${about.patient}` },
      authoredOn: about.at,
      ...(about.encounter === undefined ? {} : { encounter: { reference: `Encounter/${about.encounter}` } }),
      ...(about.requester === undefined ? {} : { requester: about.requester }),
      ...(performer === undefined ? {} : { performer: [performer] }),
      ...(reason.trim() === "" ? {} : { reasonCode: [{ text: reason.trim() }] }),
    };
  });
}

/** The number that images are filed under: worklists show it, and scanners send it back with them. */
function numberOf(item: Item, number: string | undefined): Identifier[] {
  if (item.kind !== "imaging" || number === undefined) return [];
  return [{ type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "ACSN", display: "Accession ID" }] }, system: ACCESSION, value: number }];
}

/** The accession number of an order, if it has one. */
export function accessionOf(order: ServiceRequest): string | undefined {
  return order.identifier?.find((one) => one.type?.coding?.some((coding) => coding.code === "ACSN") === true)?.value;
}
