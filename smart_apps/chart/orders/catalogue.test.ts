import { describe, expect, it } from "vitest";

import { CATALOGUE, ordersOf, type Item, type Wanted } from "./catalogue.ts";

const wanted = (n: number): Wanted => ({ item: CATALOGUE[n] as Item, priority: "stat", reason: " chest pain " });

describe("a basket of orders", () => {
  const orders = ordersOf([wanted(0), wanted(17)], { patient: "p", at: "2026-11-30T03:00:00Z", id: "b" });

  it("becomes one order each, of one requisition", () => {
    expect(orders.map((one) => one.identifier?.[0]?.value)).toEqual(["b-1", "b-2"]);
    expect(new Set(orders.map((one) => one.requisition?.value))).toEqual(new Set(["b"]));
  });
  it("says what each is for, and how urgent", () => expect(orders[0]).toMatchObject({ priority: "stat", status: "active", reasonCode: [{ text: "chest pain" }] }));
  it("goes to the laboratory or to imaging", () => expect(orders.map((one) => one.category?.[0]?.text)).toEqual(["Laboratory procedure", "Imaging"]));
});

it("no item is there twice", () => expect(new Set(CATALOGUE.map((one) => one.coding.code)).size).toBe(CATALOGUE.length));
