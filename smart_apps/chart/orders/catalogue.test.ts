import { describe, expect, it } from "vitest";

import { accession } from "./accession.ts";
import { accessionOf, CATALOGUE, ordersOf, type Item, type Wanted } from "./catalogue.ts";

const wanted = (n: number): Wanted => ({ item: CATALOGUE[n] as Item, priority: "stat", reason: " chest pain " });
const radiology = { reference: "Organization/r", display: "Radiology" };

describe("a basket of orders", () => {
  const orders = ordersOf([wanted(0), wanted(17)], { patient: "p", at: "2026-11-30T03:00:00Z", id: "b", performers: { imaging: radiology }, accessions: ["A", "B"] });

  it("becomes one order each, of one requisition", () => {
    expect(orders.map((one) => one.identifier?.[0]?.value)).toEqual(["b-1", "b-2"]);
    expect(new Set(orders.map((one) => one.requisition?.value))).toEqual(new Set(["b"]));
  });
  it("says what each is for, and how urgent", () => expect(orders[0]).toMatchObject({ priority: "stat", status: "active", reasonCode: [{ text: "chest pain" }] }));
  it("goes to the laboratory or to imaging", () => {
    expect(orders.map((one) => one.category?.[0]?.text)).toEqual(["Laboratory procedure", "Imaging"]);
    expect(orders.map((one) => one.performer)).toEqual([undefined, [radiology]]);
  });
  it("has an accession number and a modality where images are made", () => {
    expect(orders.map(accessionOf)).toEqual([undefined, "B"]);
    expect(orders[1]?.category?.[1]?.coding?.[0]).toMatchObject({ system: "http://dicom.nema.org/resources/ontology/DCM", code: "DX" });
  });
});

it("an accession number fits into DICOM's SH, and is nobody else's", () => {
  const made = Array.from({ length: 1000 }, accession);
  expect(made.every((one) => /^[0-9A-HJKMNP-TV-Z]{16}$/.test(one))).toBe(true);
  expect(new Set(made).size).toBe(1000);
});

it("no item is there twice", () => expect(new Set(CATALOGUE.map((one) => one.coding.code)).size).toBe(CATALOGUE.length));
