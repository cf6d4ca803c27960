import type { Encounter, Location } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { initials } from "./initials.ts";
import { bedState, referenceTo, shortName, wardsOf } from "./places.ts";
import { byBed, moved, PLANNED_END, placesNow, plannedEnd, withPlannedEnd } from "./stays.ts";

const PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type";

function place(id: string, name: string, type: string, partOf?: string, code?: string): Location {
  return {
    resourceType: "Location", id, name, status: "active",
    physicalType: { coding: [{ system: PHYSICAL, code: type }] },
    ...(partOf === undefined ? {} : { partOf: { reference: `Location/${partOf}` } }),
    ...(code === undefined ? {} : { operationalStatus: { code } }),
  };
}

const ALL = [
  place("w", "Ward", "wa"), place("r", "Ward, room 1", "ro", "w"), place("b10", "Ward, bed 10", "bd", "r", "U"), place("b2", "Ward, bed 2", "bd", "r", "O"),
  place("v", "Other", "wa"), place("c", "Other, bed 1", "bd", "v", "H"),
];
const KNOWN = new Map(ALL.map((one) => [referenceTo(one), one]));
const STAY: Encounter = {
  resourceType: "Encounter", id: "e", status: "in-progress", class: { code: "IMP" },
  location: [
    { location: { reference: "Location/w" }, status: "active", period: { start: "2026-11-01T08:00:00Z" } },
    { location: { reference: "Location/b2" }, status: "active", period: { start: "2026-11-01T08:00:00Z" } },
  ],
};
const NOW = "2026-11-02T09:00:00Z";

describe("wards", () => {
  it("have their beds through rooms, in the order of their numbers", () => {
    expect(wardsOf(ALL).map((ward) => [ward.location.id, ward.beds.map((bed) => bed.id)])).toEqual([["v", ["c"]], ["w", ["b2", "b10"]]]);
  });

  it("name their beds without their own name", () => {
    expect(shortName(place("x", "Ward, room 1, bed 2", "bd"), place("w", "Ward", "wa"), KNOWN)).toBe("Room 1, bed 2");
  });

  it("are found above rooms, and beds named with their room, when HL7 v2 told of them", () => {
    const ward: Location = { resourceType: "Location", id: "p", name: "4E" };
    const all = [ward, place("p7", "7", "ro", "p"), place("p71", "1", "bd", "p7"), place("p8", "8", "bd", "p")];
    const known = new Map(all.map((one) => [referenceTo(one), one]));
    const [found] = wardsOf(all);
    expect([found?.location.name, found?.beds.map((bed) => shortName(bed, ward, known))]).toEqual(["4E", ["7, 1", "8"]]);
  });

  it("count a suspended bed as closed", () => {
    expect(bedState({ ...place("x", "x", "bd", undefined, "U"), status: "suspended" })).toBe("closed");
  });
});

describe("a move", () => {
  it("within the ward ends the bed only", () => {
    const to = KNOWN.get("Location/b10") as Location;
    expect(moved(STAY, to, KNOWN, NOW).map((one) => [one.location.reference, one.status, one.period?.start, one.period?.end])).toEqual([
      ["Location/w", "active", "2026-11-01T08:00:00Z", undefined],
      ["Location/b2", "completed", "2026-11-01T08:00:00Z", NOW],
      ["Location/b10", "active", NOW, undefined],
    ]);
  });

  it("to another ward ends both, and begins both", () => {
    const to = KNOWN.get("Location/c") as Location;
    const location = moved(STAY, to, KNOWN, NOW);
    expect(placesNow({ ...STAY, location })).toEqual(["Location/v", "Location/c"]);
    expect(location.filter((one) => one.status === "completed")).toHaveLength(2);
  });

  it("leaves what was over before as it was", () => {
    const before = { ...STAY, location: [{ location: { reference: "Location/c" }, status: "completed" as const, period: { end: "2026-10-01" } }, ...(STAY.location ?? [])] };
    expect(moved(before, KNOWN.get("Location/b10") as Location, KNOWN, NOW)[0]).toEqual(before.location[0]);
  });
});

it("who has left lies nowhere", () => {
  expect([...byBed([{ ...STAY, status: "finished" }]).keys()]).toEqual([]);
});

it("a planned end is R5's extension, else an end that lies ahead", () => {
  const now = Date.parse(NOW);
  expect(plannedEnd({ ...STAY, period: { end: "2026-11-03" } }, now)).toBe("2026-11-03");
  expect(plannedEnd({ ...STAY, period: { end: "2026-11-01" } }, now)).toBeUndefined();
  const extension = withPlannedEnd({ ...STAY, extension: [{ url: "x", valueCode: "y" }, { url: PLANNED_END, valueDateTime: "2026-11-04" }] }, "2026-11-05");
  expect(extension).toEqual([{ url: "x", valueCode: "y" }, { url: PLANNED_END, valueDateTime: "2026-11-05" }]);
});

it.each([
  [[{ family: "Okafor", given: ["Ngozi", "A"] }], "O. N."],
  [[{ family: "李", given: ["小龙"] }], "李. 小."],
  [[{ text: "Madonna" }], "M."],
  [undefined, "···"],
])("initials of %j are %s", (names, expected) => {
  expect(initials(names)).toBe(expected);
});
