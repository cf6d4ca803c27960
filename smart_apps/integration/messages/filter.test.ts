import { describe, expect, it } from "vitest";

import { askedFor, filterIn } from "./filter.ts";

describe("askedFor", () => {
  it("takes whole local days, the last one with", () => {
    const asked = askedFor(filterIn(new URLSearchParams("from=2026-03-01&to=2026-03-01")));

    expect(Date.parse(String(asked.since))).toBe(new Date(2026, 2, 1).getTime());
    expect(Date.parse(String(asked.until))).toBe(new Date(2026, 2, 2).getTime());
  });

  it("asks for what comes before a number, and leaves out what isn't said", () => {
    const asked = askedFor(filterIn(new URLSearchParams("event=adt^a01&from=soon")), 8);

    expect(asked).toMatchObject({ event: "ADT^A01", to: 7, sender: "", since: undefined });
  });
});
