import { describe, expect, it } from "vitest";

import { items, text, type Attributes } from "../viewer/dicom.ts";
import { CODES, UNITS } from "./codes.ts";
import { saying } from "./figures.ts";
import { isChanged, merge, uidOfUuid, whole, type Measurement } from "./measurement.ts";
import { reportOf } from "./report.ts";
import { currentOf, measurementsIn, measurementsOf } from "./saved.ts";

const AT = new Date(2026, 10, 30, 9, 5, 7);
const PICTURE: Attributes = {
  "00080020": { vr: "DA", Value: ["20261129"] },
  "00080060": { vr: "CS", Value: ["CT"] },
  "00100010": { vr: "PN", Value: [{ Alphabetic: "Okafor^Ngozi" }] },
  "00100020": { vr: "LO", Value: ["17"] },
  "0020000D": { vr: "UI", Value: ["1.2"] },
  "0020000E": { vr: "UI", Value: ["1.2.3"] },
  "7FE00010": { vr: "OW", BulkDataURI: "/x" },
};
const place = (instance: string, frame = 1) => ({ instance, sopClass: "1.2.840.10008.5.1.4.1.1.2", series: "1.2.3", frame });

function length(uid: string, mm = 45.3214, x = 10): Measurement {
  return { uid, kind: "length", place: place("1.2.3.1"), points: [[x, 20], [30.5, 40.25]], figures: [{ concept: CODES.length, value: mm, unit: UNITS.mm }], by: "Dr Lee" };
}

const ellipse: Measurement = {
  uid: "2.25.2", kind: "ellipse", place: place("1.2.3.2", 7), points: [[0, 5], [20, 5], [10, 0], [10, 10]],
  figures: [{ concept: CODES.area, value: 157.1, unit: UNITS.mm2Detector }, { concept: CODES.attenuation, derivation: CODES.mean, value: -12.5, unit: UNITS.hounsfield }],
};

function saved(measurements: readonly Measurement[], ...before: Attributes[]): Attributes {
  return reportOf(measurements, { picture: PICTURE, before, by: "Dr Lee", at: AT });
}

describe("a report of measurements", () => {
  it("gives back what was measured", () => {
    const all = [length("2.25.1", 45.321), ellipse];

    expect(measurementsIn(saved(all))).toEqual(all);
  });

  it("is of the patient and study that the picture's file names, and holds no picture", () => {
    const report = saved([length("2.25.1")]);

    expect([text(report, "00100020"), text(report, "0020000D"), text(report, "00080060")]).toEqual(["17", "1.2", "SR"]);
    expect(text(report, "0020000E")).not.toBe("1.2.3");
    expect(report["7FE00010"]).toBeUndefined();
    expect([text(report, "00080023"), text(report, "00080033"), text(report, "0040A493")]).toEqual(["20261130", "090507", "UNVERIFIED"]);
    expect(text(items(report, "0040A504")[0] ?? {}, "0040DB00")).toBe("1500");
  });

  it("takes the place of the one before, in the same series", () => {
    const first = saved([length("2.25.1")]);
    const second = saved([length("2.25.1"), ellipse], first);

    expect(text(second, "0020000E")).toBe(text(first, "0020000E"));
    expect(currentOf([first, second]).map((one) => one.report)).toEqual([second]);
  });

  it("counts with the other one where two were saved at the same time", () => {
    const first = saved([length("2.25.1")]);
    const [a, b] = [saved([length("2.25.1"), ellipse], first), saved([length("2.25.1"), length("2.25.3")], first)];

    expect(measurementsOf(currentOf([first, a, b])).map((one) => one.uid).sort()).toEqual(["2.25.1", "2.25.2", "2.25.3"]);
  });

  it("of others is left alone", () => {
    expect(currentOf([{ ...saved([ellipse]), "00080070": { vr: "LO", Value: ["Another maker"] } }])).toEqual([]);
  });
});

describe("what was saved and what is on the pictures", () => {
  const [one, moved] = [length("2.25.1"), length("2.25.1", 30, 15)];
  const drawn = new Set(["2.25.1"]);

  it("are the same but for what was changed here", () => {
    expect(isChanged([one, ellipse], [one], drawn)).toBe(false);
    expect(isChanged([one], [moved], drawn)).toBe(true);
    expect(isChanged([one], [], drawn)).toBe(true);
    expect(isChanged([], [one], drawn)).toBe(true);
  });

  it("are saved together, with who made each", () => {
    const other = { ...ellipse, by: "Dr Roe" };

    expect(whole([one, other], [moved], drawn, "Dr Kim").map(({ uid, by }) => [uid, by])).toEqual([["2.25.2", "Dr Roe"], ["2.25.1", "Dr Kim"]]);
    expect(whole([one], [one], drawn, "Dr Kim").map(({ by }) => by)).toEqual(["Dr Lee"]);
  });

  it("follow what others have saved, unless it was changed here", () => {
    expect(merge([], [one, ellipse], [])).toEqual({ draw: [one, ellipse], remove: [] });
    expect(merge([one], [moved], [one])).toEqual({ draw: [moved], remove: ["2.25.1"] });
    expect(merge([one], [], [one])).toEqual({ draw: [], remove: ["2.25.1"] });
    expect(merge([one], [], [moved])).toEqual({ draw: [], remove: [] });
    expect(merge([one], [one], [])).toEqual({ draw: [], remove: [] });
  });
});

it("a figure says what it is of", () => {
  const t = (key: string) => `<${key}>`;

  expect(saying({ concept: CODES.length, value: 45.32, unit: UNITS.mm }, t)).toBe("45.3\u00a0mm");
  expect(saying({ concept: CODES.area, value: 157.1, unit: UNITS.mm2Detector }, t)).toBe("<measured.area> 157\u00a0mm² <measured.detector>");
  expect(saying({ concept: CODES.attenuation, derivation: CODES.mean, value: -12.5, unit: UNITS.hounsfield }, t)).toBe("<measured.mean> -12.5\u00a0HU");
});

it("a UID is made of a UUID", () => {
  expect(uidOfUuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")).toBe("2.25.329800735698586629295641978511506172918");
});
