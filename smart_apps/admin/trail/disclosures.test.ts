import { expect, it } from "vitest";

import type { Fhir } from "../../shared/fhir/client.ts";
import { csv, disclosures } from "./disclosures.ts";

it("quotes what needs it, and leaves no formulas to spreadsheets", () => {
  expect(csv([["a", 'say "b", c'], ["=1+1", "two\nlines"]])).toBe('a,"say ""b"", c"\r\n\'=1+1,"two\nlines"\r\n');
});

it("reads all pages", async () => {
  const asked: string[] = [];
  const event = (id: string) => ({ resource: { resourceType: "AuditEvent", id } });
  const fhir = {
    page: (link: string) => {
      asked.push(link);
      return Promise.resolve(link === "second" ? { entry: [event("2")] } : { entry: [event("1")], link: [{ relation: "next", url: "second" }] });
    },
  } as unknown as Fhir;
  const found = await disclosures(fhir, "9", "2026-01-01", "");
  expect(found.events.map((one) => one.id)).toEqual(["1", "2"]);
  expect(found.isCut).toBe(false);
  expect(asked).toEqual(["Patient/9/$disclosures?_count=100&start=2026-01-01", "second"]);
});
