import type { Appointment, Bundle, FhirResource, ServiceRequest } from "fhir/r4";
import { describe, expect, it } from "vitest";

import type { Row } from "../model/rows.ts";
import { modalityOf, rowsFor, toBook } from "./toBook.ts";

const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const order = (id: string, more: Partial<ServiceRequest> = {}): ServiceRequest => ({ resourceType: "ServiceRequest", id, status: "active", intent: "order", subject: { reference: "Patient/1" }, ...more });
const appointment = (of: string, status: Appointment["status"]): Appointment => ({ resourceType: "Appointment", status, participant: [], basedOn: [{ reference: `ServiceRequest/${of}` }] });
const bundle = (...resources: FhirResource[]): Bundle => ({ resourceType: "Bundle", type: "searchset", entry: resources.map((resource) => ({ resource })) });
const ids = (...resources: FhirResource[]) => toBook(bundle(...resources)).map((one) => one.id);

describe("orders to book", () => {
  it("are those without an appointment", () => {
    expect(ids(order("a"), order("b"), order("c"), appointment("a", "booked"), appointment("b", "cancelled"))).toEqual(["b", "c"]);
  });

  it("begin with what is urgent and has waited longest", () => {
    expect(ids(order("late", { authoredOn: "2026-11-30" }), order("early", { authoredOn: "2026-11-01" }), order("now", { priority: "stat", authoredOn: "2026-11-30" }))).toEqual(["now", "early", "late"]);
  });
});

describe("the machine", () => {
  const row = (ref: string, modality?: string): Row => ({ ref, kind: "device", label: ref, what: "", schedules: [], services: [], modality });
  const rows = [row("Device/ct", "CT"), row("Device/mr", "MR"), row("Practitioner/1")];
  const ct = order("a", { category: [{ coding: [{ system: "http://snomed.info/sct", code: "363679005" }] }, { coding: [{ system: DCM, code: "CT" }] }] });

  it("is that of the order's modality", () => {
    expect(modalityOf(ct)).toBe("CT");
    expect(rowsFor(ct, rows).map((one) => one.ref)).toEqual(["Device/ct"]);
  });

  it("is nobody's guess where the order doesn't say it", () => expect(rowsFor(order("b"), rows)).toEqual([]));
});
