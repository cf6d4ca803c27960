import type { CareTeam } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { ended, formerOf, membersOf, teamOf, withMember, withoutMember } from "./teams.ts";

const [BEFORE, NOW, LATER] = ["2026-11-01T08:00:00Z", "2026-11-30T08:00:00Z", "2026-12-01T08:00:00Z"];
const ann = { reference: "Practitioner/a", display: "Dr. Ann" };
const ids = (team: CareTeam, at: string) => membersOf(team, at).map((one) => one.member?.reference);

describe("a standing team", () => {
  const board = withMember(teamOf(" Tumour board ", "1", BEFORE), ann, BEFORE);

  it("is no patient's", () => expect(board).toMatchObject({ status: "active", name: "Tumour board" }));
  it("has nobody twice", () => expect(ids(withMember(board, ann, NOW), NOW)).toEqual(["Practitioner/a"]));
  it("keeps on record who has left, and takes them back", () => {
    const left = withoutMember(board, "Practitioner/a", NOW);
    expect([ids(left, LATER), formerOf(left, LATER).map((one) => one.period)]).toEqual([[], [{ start: BEFORE, end: NOW }]]);
    const back = withMember(left, ann, LATER);
    expect([ids(back, LATER), back.participant?.length]).toEqual([["Practitioner/a"], 2]);
  });
  it("ends with its members", () => expect(ended(board, NOW)).toMatchObject({ status: "inactive", period: { start: BEFORE, end: NOW }, participant: [{ member: ann }] }));
});
