import type { CareTeam, CareTeamParticipant, Reference } from "fhir/r4";

/** A standing team of staff, which is no patient's: https://hl7.org/fhir/R4/careteam.html */
export function teamOf(name: string, id: string, at: string): CareTeam {
  return { resourceType: "CareTeam", identifier: [{ system: ENTRY, value: id }], status: "active", name: name.trim(), period: { start: at } };
}

/** The system of the identifiers of teams that were made here. */
export const ENTRY = "https://fhirserver.example/team-entry";

function isOver(one: CareTeamParticipant, now: string): boolean {
  return one.period?.end !== undefined && Date.parse(one.period.end) <= Date.parse(now);
}

/** Who is in it now, as they came. */
export function membersOf(team: CareTeam, now: string): CareTeamParticipant[] {
  return (team.participant ?? []).filter((one) => one.member !== undefined && !isOver(one, now));
}

/** Who was in it, the last to leave first. */
export function formerOf(team: CareTeam, now: string): CareTeamParticipant[] {
  return (team.participant ?? []).filter((one) => one.member !== undefined && isOver(one, now)).sort((a, b) => (b.period?.end ?? "").localeCompare(a.period?.end ?? ""));
}

/** The team with somebody more, from now on; whoever is in it already stays as they are. */
export function withMember(team: CareTeam, member: Reference, now: string): CareTeam {
  if (membersOf(team, now).some((one) => one.member?.reference === member.reference)) return team;
  return { ...team, participant: [...(team.participant ?? []), { member, period: { start: now } }] };
}

/** The team without somebody, from now on. That they were in it stays on record. */
export function withoutMember(team: CareTeam, reference: string, now: string): CareTeam {
  const leaving = membersOf(team, now).filter((one) => one.member?.reference === reference);
  return { ...team, participant: team.participant?.map((one) => (leaving.includes(one) ? { ...one, period: { ...one.period, end: now } } : one)) };
}

/** The team as it ends: nothing reaches anybody through it any more. */
export function ended(team: CareTeam, now: string): CareTeam {
  return { ...team, status: "inactive", period: { ...team.period, end: now } };
}
