import type { AuditEvent, Consent, DocumentReference } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { filesOf, isBy, openingsOf, receiversOf, sharedIn, shareOf, stateOf } from "./sharing.ts";

const DOCUMENT: DocumentReference = {
  resourceType: "DocumentReference", id: "d", status: "current",
  content: [{ attachment: { url: "http://here/fhir/Binary/b" } }, { attachment: { data: "QQ==" } }, { attachment: { url: "http://elsewhere/letter.pdf" } }],
};
const ME = { reference: "Practitioner/me", display: "Ada" };

function share(until: string, more: Partial<Consent> = {}): Consent {
  return { ...shareOf({ id: "1", document: DOCUMENT, patient: { reference: "Patient/p" }, name: "Letter", by: ME, receivers: [{ reference: "Practitioner/c", display: "Carl" }, { reference: "CareTeam/t", display: "Board" }], until, at: "2026-03-01T10:00:00Z" }), ...more };
}

describe("a share", () => {
  it("is about the document and the files of this server that it consists of", () => {
    expect(filesOf(DOCUMENT)).toEqual(["Binary/b"]);
    expect(share("2026-03-08").provision?.data?.map((one) => one.reference.reference)).toEqual(["DocumentReference/d", "Binary/b"]);
    expect(sharedIn(share("2026-03-08"))).toEqual(["d"]);
    expect(receiversOf(share("2026-03-08"))).toBe("Carl, Board");
    expect(isBy(share("2026-03-08"), "Practitioner/me")).toBe(true);
    expect(isBy(share("2026-03-08"), undefined)).toBe(false);
  });

  it("counts until the end of its last day", () => {
    const at = (text: string) => new Date(text).getTime();
    expect(stateOf(share("2026-03-08"), at("2026-03-08T23:59:00"))).toBe("inForce");
    expect(stateOf(share("2026-03-08"), at("2026-03-09T00:00:00"))).toBe("over");
    expect(stateOf(share("2026-03-08"), at("2026-02-01T00:00:00"))).toBe("toCome");
    expect(stateOf(share("2026-03-08", { status: "inactive" }), at("2026-03-02T00:00:00"))).toBe("ended");
  });
});

function event(action: "R" | "E", recorded: string, who: string): AuditEvent {
  return { resourceType: "AuditEvent", recorded, action, type: { code: "rest" }, source: { observer: {} }, agent: [{ requestor: true, who: { reference: `Practitioner/${who}`, display: who } }] };
}

it("who opened a document is told person by person, and who only saw it in a list", () => {
  const events = [
    event("E", "2026-03-02T10:05:00Z", "carl"), event("R", "2026-03-02T10:00:01Z", "carl"), event("R", "2026-03-02T10:00:00Z", "carl"),
    event("R", "2026-03-01T09:00:00Z", "carl"), event("E", "2026-03-01T08:00:00Z", "dora"), event("R", "2026-03-01T07:00:00Z", "me"),
  ];
  expect(openingsOf(events, "Practitioner/me").map(({ who, times, last }) => [who, times, last])).toEqual([
    ["carl", 2, "2026-03-02T10:00:01Z"], ["dora", 0, "2026-03-01T08:00:00Z"],
  ]);
});
