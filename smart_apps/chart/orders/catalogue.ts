import type { Coding, ServiceRequest } from "fhir/r4";

export const ENTRY = "https://fhirserver.example/order-entry";

/** What can be ordered from here: a test or panel of the laboratory (LOINC), or an examination of imaging (SNOMED CT). */
export interface Item {
  kind: "laboratory" | "imaging";
  name: string;
  coding: Coding;
}

const LOINC = "http://loinc.org";
const SNOMED = "http://snomed.info/sct";

const lab = (code: string, name: string, display: string): Item => ({ kind: "laboratory", name, coding: { system: LOINC, code, display } });
const image = (code: string, display: string): Item => ({ kind: "imaging", name: display, coding: { system: SNOMED, code, display } });

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
  image("399208008", "Plain chest X-ray"),
  image("60027007", "Radiography of wrist"),
  image("19490002", "Ankle X-ray"),
  image("74016001", "Radiography of knee"),
  image("303653007", "Computed tomography of head"),
  image("169069000", "Computed tomography of chest"),
  image("169070004", "Computed tomography of abdomen"),
  image("40701008", "Echocardiography"),
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
}

/** The orders that are signed together: each is created once, however often they are sent. */
export function ordersOf(basket: readonly Wanted[], about: { patient: string; encounter?: string; requester?: { reference: string; display?: string }; at: string; id: string }): ServiceRequest[] {
  return basket.map(({ item, priority, reason }, n) => ({
    resourceType: "ServiceRequest",
    identifier: [{ system: ENTRY, value: `${about.id}-${n + 1}` }],
    requisition: { system: ENTRY, value: about.id },
    status: "active",
    intent: "order",
    priority,
    category: [{ coding: [CATEGORY[item.kind]], text: CATEGORY[item.kind].display }],
    code: { coding: [item.coding], text: item.name },
    subject: { reference: `Patient/${about.patient}` },
    authoredOn: about.at,
    ...(about.encounter === undefined ? {} : { encounter: { reference: `Encounter/${about.encounter}` } }),
    ...(about.requester === undefined ? {} : { requester: about.requester }),
    ...(reason.trim() === "" ? {} : { reasonCode: [{ text: reason.trim() }] }),
  }));
}
