import type { DocumentReference } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { isNote, noteOf, NOTE_TYPES, textOf, threadsOf } from "./notes.ts";

const GIVEN = { text: "Seen. 李 feels better.", type: NOTE_TYPES[0], patient: "p", at: "2026-11-30T03:00:00-07:00", id: "n1" };
const stored = (id: string, more: Partial<DocumentReference> = {}): DocumentReference => ({ ...noteOf(GIVEN), id, ...more });

describe("a note", () => {
  it("keeps its text, in every script", () => expect(textOf(noteOf(GIVEN))).toBe(GIVEN.text));
  it("is signed when it is stored", () => expect(noteOf({ ...GIVEN, author: { reference: "Practitioner/1" } })).toMatchObject({ docStatus: "final", authenticator: { reference: "Practitioner/1" } }));
  it("is told from a document", () => expect(isNote({ ...noteOf(GIVEN), category: [] })).toBe(false));
});

describe("notes", () => {
  it("have their addenda below them, the oldest first", () => {
    const add = (id: string, date: string) => stored(id, { date, relatesTo: [{ code: "appends", target: { reference: "DocumentReference/a" } }] });
    const threads = threadsOf([add("c", "2026-11-30T05:00:00Z"), add("b", "2026-11-30T04:00:00Z"), stored("a")]);

    expect(threads.map((one) => [one.note.id, one.addenda.map((add) => add.id)])).toEqual([["a", ["b", "c"]]]);
  });

  it("show an addendum whose note isn't there, and what was an error", () => {
    const lone = stored("b", { relatesTo: [{ code: "appends", target: { reference: "DocumentReference/gone" } }] });
    expect(threadsOf([lone, stored("c", { status: "entered-in-error" })]).map((one) => one.note.id)).toEqual(["b", "c"]);
  });
});
