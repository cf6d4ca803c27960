import type { DocumentReference } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { choicesOf, Incomplete, NEW, scheduleOf, storedAs, viewOf, type Choices, type Filter, type View } from "./definition.ts";
import { SUBJECTS } from "./subjects.ts";

const asked = (more: Partial<Choices>): Choices => ({ ...NEW, title: "Mine", ...more });
const where = (subject: string, filter: Filter) => (viewOf(asked({ subject, columns: ["patient"], filters: [filter] })) as View).where?.[0]?.path;

describe("a view of columns in words", () => {
  it("has the columns in the order in which they were chosen", () => {
    const view = viewOf(asked({ subject: "patients", columns: ["sex", "birth_date"] })) as View;
    expect(view.resource).toBe("Patient");
    expect(view.select).toEqual([{ column: [{ name: "sex", path: "gender" }, { name: "birth_date", path: "birthDate" }] }]);
    expect(view.where).toBeUndefined();
  });
  it("quotes what was typed", () => expect(where("patients", { column: "city", operator: "is", value: "L'Aquila\\" })).toBe("(address.city.first()) = 'L\\'Aquila\\\\'"));
  it("compares numbers as numbers", () => expect(where("results", { column: "value", operator: "atLeast", value: "6.5" })).toBe("(value.ofType(Quantity).value) >= 6.5"));
  it("compares days", () => expect(where("stays", { column: "start", operator: "from", value: "2026-11-01" })).toBe("(period.start).toString().substring(0, 10) >= '2026-11-01'"));
  it("isn't there before it is complete", () => {
    expect(() => viewOf(asked({ columns: [] }))).toThrow(Incomplete);
    expect(() => where("results", { column: "value", operator: "atLeast", value: "1); drop" })).toThrow("filterNumber");
    expect(() => where("results", { column: "what", operator: "contains", value: " " })).toThrow("filterEmpty");
    expect(() => viewOf(asked({ source: "own", own: "{" }))).toThrow("ownNoJson");
    expect(() => viewOf(asked({ source: "own", own: "{}" }))).toThrow("ownNoView");
  });
  it("begins with columns that there are", () => {
    for (const subject of Object.values(SUBJECTS)) expect(subject.columns.map((one) => one.name)).toEqual(expect.arrayContaining([...subject.first]));
  });
});

describe("a report that is kept", () => {
  const choices = asked({ schedule: "weekly", filters: [{ column: "status", operator: "is", value: "finished" }] });
  const made = storedAs(choices, { id: "1", author: "Practitioner/p", at: "2026-11-30T08:00:00Z" });

  it("has its author, its title and what was chosen", () => {
    expect(made).toMatchObject({ author: [{ reference: "Practitioner/p" }], description: "Mine" });
    expect([choicesOf(made), scheduleOf(made)]).toEqual([choices, "weekly"]);
  });
  it("keeps its author when it is changed", () => {
    const before: DocumentReference = { ...made, id: "b", meta: { versionId: "1" } };
    const after = storedAs({ ...choices, schedule: "" }, { id: "2", author: "Practitioner/x", at: "2026-12-01T08:00:00Z", before });
    expect(after).toMatchObject({ id: "b", meta: { versionId: "1" }, author: made.author, identifier: made.identifier });
    expect(scheduleOf(after)).toBe("");
  });
  it("is nothing where its content can't be read", () => expect(choicesOf({ ...made, content: [{ attachment: { data: "eA==" } }] })).toBeUndefined());
});
