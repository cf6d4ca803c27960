import type { ImagingStudy, Media } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { calibrationOf, lengthUnit, withSpacing } from "./calibration.ts";
import { bytesOf, rgbOf422 } from "./colours.ts";
import { dateTime, nameOf, type Attributes } from "./dicom.ts";
import { keyImagesOf, mediaOf } from "./keyImages.ts";
import { breastsOf } from "./mammograms.ts";
import { directionsOf, edgesOf, hangingOf } from "./orientation.ts";
import { differencesFrom } from "./overlay.ts";
import { rangeOf, windowOf } from "./presets.ts";
import { matching, stacksOf, type Stack } from "./stacks.ts";
import { linesOf, standing } from "./structured.ts";
import { entries, modalityTable, through, voiTable } from "./tables.ts";

const BASE = "http://server/dicom-web";

function slice(n: number, z: number, more: Attributes = {}): Attributes {
  return {
    "00080016": { vr: "UI", Value: ["1.2.840.10008.5.1.4.1.1.2"] },
    "00080018": { vr: "UI", Value: [`1.2.3.${n}`] },
    "00080060": { vr: "CS", Value: ["CT"] },
    "0020000D": { vr: "UI", Value: ["1.2"] },
    "0020000E": { vr: "UI", Value: ["1.2.3"] },
    "00200013": { vr: "IS", Value: [n] },
    "00200032": { vr: "DS", Value: [0, 0, z] },
    "00200037": { vr: "DS", Value: [1, 0, 0, 0, 1, 0] },
    "00200052": { vr: "UI", Value: ["1.9"] },
    "00280010": { vr: "US", Value: [512] },
    "00280011": { vr: "US", Value: [512] },
    "00280030": { vr: "DS", Value: [0.5, 0.5] },
    ...more,
  };
}

const CT = [slice(3, 10), slice(1, 0), slice(2, 5), slice(5, 20), slice(4, 15)];

describe("stacks of a series", () => {
  it("are in the order of space, and as the slices are numbered", () => {
    const [stack] = stacksOf(BASE, CT);

    expect(stack?.pictures.map((one) => one.number)).toEqual([1, 2, 3, 4, 5]);
    expect(stack?.pictures[0]?.id).toBe(`wadors:${BASE}/studies/1.2/series/1.2.3/instances/1.2.3.1/frames/1`);
  });

  it("are volumes only when evenly spaced", () => {
    expect(stacksOf(BASE, CT)[0]?.isVolume).toBe(true);
    expect(stacksOf(BASE, [...CT.slice(0, 4), slice(9, 40)])[0]?.isVolume).toBe(false);
    expect(stacksOf(BASE, CT.slice(0, 4))[0]?.isVolume).toBe(false);
  });

  it("keep clips apart, with their own speed", () => {
    const film = (n: number) => slice(n, 0, { "00280008": { vr: "IS", Value: [3] }, "00181063": { vr: "DS", Value: ["40"] } });

    const stacks = stacksOf(BASE, [film(1), film(2)]);

    expect(stacks.map((one) => [one.pictures.length, one.frameMs])).toEqual([[3, 40], [3, 40]]);
    expect(stacks[0]?.pictures[2]?.id).toMatch(/frames\/3$/);
  });

  it("know reports, documents and what can't be shown; marks of others are no stack", () => {
    const of = (sopClass: string) => ({ ...slice(1, 0), "00080016": { vr: "UI", Value: [sopClass] }, "00280010": undefined });

    const kinds = ["1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.5.1.4.1.1.66.5"];

    expect(stacksOf(BASE, kinds.map(of)).map((one) => one.kind).sort()).toEqual(["document", "other", "report"]);
    const segmentation = slice(1, 0, { "00080016": { vr: "UI", Value: ["1.2.840.10008.5.1.4.1.1.66.4"] } });
    const bits = slice(1, 0, { "00280100": { vr: "US", Value: [1] } });
    expect(stacksOf(BASE, [segmentation, bits]).map((one) => one.kind)).toEqual(["other", "other"]);
  });
});

describe("linked scrolling", () => {
  const stack = (instances: Attributes[]) => stacksOf(BASE, instances)[0] as Stack;

  it("goes to the same place in one frame of reference", () => {
    const finer = Array.from({ length: 9 }, (_, n) => slice(n + 1, n * 2.5));

    expect(matching(stack(CT), 2, stack(finer))).toBe(4);
  });

  it("goes by the share of the way where places can't be compared", () => {
    const other = Array.from({ length: 9 }, (_, n) => slice(n + 1, n * 2.5, { "00200052": { vr: "UI", Value: ["1.8"] } }));

    expect([0, 2, 4].map((n) => matching(stack(CT), n, stack(other)))).toEqual([0, 4, 8]);
  });
});

describe("what lengths mean", () => {
  const xray = (more: Attributes): Attributes => ({ "00080060": { vr: "CS", Value: ["DX"] }, ...more });
  const spacing = (mm: number) => ({ vr: "DS", Value: [mm, mm] });

  it("is said of each kind of spacing", () => {
    expect(calibrationOf(slice(1, 0))).toBe("patient");
    expect(calibrationOf(xray({ "00181164": spacing(0.14) }))).toBe("detector");
    expect(calibrationOf(xray({ "00181164": spacing(0.14), "00280030": spacing(0.14) }))).toBe("detector");
    expect(calibrationOf(xray({ "00181164": spacing(0.14), "00280030": spacing(0.12) }))).toBe("patient");
    expect(calibrationOf(xray({}))).toBe("none");
    expect(calibrationOf({ "00186011": { vr: "SQ", Value: [{ "00186024": { vr: "US", Value: [3] }, "00186026": { vr: "US", Value: [3] } }] } })).toBe("region");
  });

  it("takes the detector's spacing where there is no other", () => {
    expect(withSpacing(xray({ "00181164": spacing(0.14) }))["00280030"]?.Value).toEqual([0.14, 0.14]);
    expect(withSpacing(xray({}))["00280030"]).toBeUndefined();
  });
});

describe("the unit of a length", () => {
  const us = (more: Attributes = {}): Attributes => ({ "00080060": { vr: "CS", Value: ["US"] }, ...more });
  const spacing = { vr: "DS", Value: [0.14, 0.14] };

  it("is of the picture, whatever the library calls it that knows no place in the patient", () => {
    expect(lengthUnit({ "00080060": { vr: "CS", Value: ["DX"] }, "00181164": spacing }, "px")).toBe("mm");
    expect(lengthUnit(slice(1, 0), "mm")).toBe("mm");
    expect(lengthUnit({ "00080060": { vr: "CS", Value: ["DX"] } }, "px")).toBe("px");
  });

  it("is that of the region of an ultrasound picture, and of pixels outside of it", () => {
    expect(lengthUnit(us(), "cm US Region")).toBe("cm");
    expect(lengthUnit(us(), "seconds US Region")).toBeUndefined();
    expect(lengthUnit(us(), "px")).toBe("px");
  });

  it("is of pixels where only their proportions are known, which keep the shape", () => {
    const oblong = us({ "00280034": { vr: "IS", Value: [4, 3] } });

    expect(withSpacing(oblong)["00280030"]?.Value).toEqual([4 / 3, 1]);
    expect(lengthUnit(oblong, "mm")).toBe("px");
    expect(calibrationOf(oblong)).toBe("none");
  });
});

describe("the sides of the patient", () => {
  const axial = directionsOf(slice(1, 0));
  const xray = (row: string, column: string, more: Attributes = {}): Attributes => ({ "00200020": { vr: "CS", Value: [row, column] }, ...more });

  it("are at the edges of the picture as it lies", () => {
    expect(edgesOf(axial, [1, 0], [0, 1])).toEqual({ left: "R", right: "L", top: "A", bottom: "P" });
    expect(edgesOf(axial, [-1, 0], [0, 1])).toEqual({ left: "L", right: "R", top: "A", bottom: "P" });
    expect(edgesOf(axial, [0, -1], [1, 0])).toEqual({ left: "P", right: "A", top: "R", bottom: "L" });
    expect(edgesOf(directionsOf(xray("L", "F")), [1, 0], [0, 1])).toEqual({ left: "R", right: "L", top: "H", bottom: "F" });
  });

  it("aren't said where they aren't known", () => {
    expect(edgesOf(directionsOf({}), [1, 0], [0, 1])).toEqual({});
    expect(edgesOf(axial, [0.7, 0.7], [-0.7, 0.7])).toEqual({});
    expect(edgesOf(directionsOf(xray("RT", "VENT")), [1, 0], [0, 1])).toEqual({ right: "RT", bottom: "VENT" });
  });

  it("of an oblique slice are named by the foremost first; of a frame by its own orientation", () => {
    const plane = (cosines: number[]) => ({ vr: "SQ", Value: [{ "00200037": { vr: "DS", Value: cosines } }] });
    const frames = [[1, 0, 0, 0, 1, 0], [0, 0.8, -0.6, 1, 0, 0]].map((one) => ({ "00209116": plane(one) }));

    expect(directionsOf({ "52009230": { vr: "SQ", Value: frames } }, 2)).toEqual({ row: "PF", column: "L" });
  });

  it("make mammograms hang with the chest walls in the middle and the upper or outer side above", () => {
    const breast = (side: string, row: string, column: string) => xray(row, column, { "00080060": { vr: "CS", Value: ["MG"] }, "00200062": { vr: "CS", Value: [side] } });

    expect(hangingOf(breast("R", "A", "L"))).toEqual({ isFlippedAcross: true, isFlippedDown: false });
    expect(hangingOf(breast("R", "P", "FL"))).toEqual({ isFlippedAcross: false, isFlippedDown: false });
    expect(hangingOf(breast("L", "A", "R"))).toEqual({ isFlippedAcross: false, isFlippedDown: false });
    expect(hangingOf(breast("L", "P", "L"))).toEqual({ isFlippedAcross: true, isFlippedDown: true });
    expect(hangingOf(breast("L", "A", "HL"))).toEqual({ isFlippedAcross: false, isFlippedDown: true });
    expect(hangingOf(xray("A", "F"))).toEqual({ isFlippedAcross: false, isFlippedDown: false });
  });

  it("put the same views of both breasts beside each other", () => {
    const view = (n: number, side: string, name: string) =>
      slice(n, 0, { "00080060": { vr: "CS", Value: ["MG"] }, "00200062": { vr: "CS", Value: [side] }, "00185101": { vr: "CS", Value: [name] }, "00200032": undefined });
    const stacks = stacksOf(BASE, [view(1, "L", "MLO"), view(2, "R", "CC"), view(3, "L", "CC"), view(4, "R", "MLO")]);

    const breasts = breastsOf(stacks);

    expect(breasts?.right.pictures.map((one) => one.number)).toEqual([2, 4]);
    expect(breasts?.left.pictures.map((one) => one.number)).toEqual([3, 1]);
    expect(breastsOf(stacksOf(BASE, [view(1, "L", "CC")]))).toBeUndefined();
  });
});

describe("colours", () => {
  it("of 16 bits keep what weighs most", () => {
    expect([...bytesOf(new Uint16Array([0, 255, 256, 0x80ff, 0xffff]), 16)]).toEqual([0, 0, 1, 128, 255]);
  });

  it("that two pixels share are each one's own", () => {
    expect([...rgbOf422(new Uint8Array([76, 76, 85, 255]))].map((one) => Math.round(one / 5))).toEqual([51, 0, 0, 51, 0, 0]);
    expect([...rgbOf422(new Uint8Array([10, 200, 128, 128]))]).toEqual([10, 10, 10, 200, 200, 200]);
  });
});

describe("lookup tables", () => {
  const table = (sequence: string, descriptor: number[], data: number[]): Attributes =>
    ({ [sequence]: { vr: "SQ", Value: [{ "00283002": { vr: "US", Value: descriptor }, "00283006": { vr: "OW", Value: data } }] } });

  it("stand for values from the first one on; what lies outside is as the nearest end", () => {
    const found = modalityTable(table("00283000", [4, 10, 8], [1, 2, 3, 4]));

    expect(found === undefined ? [] : [...through(found, [0, 10, 12, 99])]).toEqual([1, 1, 3, 4]);
  });

  it("aren't looked through where there is a window, or numbers that were measured", () => {
    const lut = table("00283010", [2, 0, 8], [0, 255]);

    expect(voiTable(lut)?.bits).toBe(8);
    expect(voiTable({ ...lut, "00281050": { vr: "DS", Value: [40] } })).toBeUndefined();
    expect(voiTable({ ...lut, "00080060": { vr: "CS", Value: ["CT"] } })).toBeUndefined();
  });

  it("have words, or bytes", () => {
    expect(entries(new Uint8Array([1, 0, 2, 1]), [2, 0, 16])).toEqual([1, 258]);
    expect(entries(new Uint8Array([1, 2]), [2, 0, 8])).toEqual([1, 2]);
  });
});

describe("whose picture it is", () => {
  const patient = { resourceType: "Patient" as const, name: [{ family: "Müller", given: ["Ada", "Eva"] }], birthDate: "1980-02-03", identifier: [{ value: "17" }] };
  const of = (name: string, born: string, id: string): Attributes => ({
    "00100010": { vr: "PN", Value: [{ Alphabetic: name }] }, "00100030": { vr: "DA", Value: [born] }, "00100020": { vr: "LO", Value: [id] },
  });

  it("is the record's when nothing differs that both say", () => {
    expect(differencesFrom(patient, of("MULLER^ADA", "19800203", "17"))).toEqual([]);
    expect(differencesFrom(patient, {})).toEqual([]);
  });

  it("differs in name, birth date and number", () => {
    expect(differencesFrom(patient, of("Müller^Eva", "19800203", "17"))).toEqual(["name"]);
    expect(differencesFrom(patient, of("Meier^Ada", "19810203", "18"))).toEqual(["name", "born", "id"]);
  });
});

it("reads dates, times and names as DICOM writes them", () => {
  expect(dateTime("20260714", "083005.12")).toBe("2026-07-14T08:30:05");
  expect(dateTime("20260714")).toBe("2026-07-14");
  expect(dateTime("2026")).toBeUndefined();
  expect(nameOf("Okafor^Ngozi^Ada=洪^吉洞")).toBe("OKAFOR, Ngozi Ada");
});

it("turns centre and width into a range and back", () => {
  expect(rangeOf(40, 400)).toEqual({ lower: -160, upper: 239 });
  expect(windowOf(rangeOf(40, 400))).toEqual({ centre: 40, width: 400 });
});

describe("key images", () => {
  const study: ImagingStudy = { resourceType: "ImagingStudy", id: "s", status: "available", subject: { reference: "Patient/p" } };

  it("are marked by a Media that names the picture, and found again", () => {
    const picture = stacksOf(BASE, CT)[0]?.pictures[1];
    if (picture === undefined) throw new Error("no picture");

    const media: Media = { ...mediaOf(study, picture, BASE, "Practitioner/1", "1.2.3"), id: "m" };

    expect(media.content.url).toBe(`${BASE}/studies/1.2/series/1.2.3/instances/1.2.3.2/frames/1/rendered`);
    expect(keyImagesOf(study, [media])[0]).toMatchObject({ series: "1.2.3", instance: "1.2.3.2", frame: 1 });
    expect(keyImagesOf(study, [{ ...media, status: "entered-in-error" }])).toEqual([]);
    expect(keyImagesOf({ ...study, id: "other" }, [media])).toEqual([]);
  });
});

describe("a structured report", () => {
  it("is text with units, and says how far it has come", () => {
    const code = (meaning: string, value = "x") => ({ vr: "SQ", Value: [{ "00080100": { vr: "SH", Value: [value] }, "00080104": { vr: "LO", Value: [meaning] } }] });
    const report: Attributes = {
      "0040A491": { vr: "CS", Value: ["COMPLETE"] },
      "0040A493": { vr: "CS", Value: ["UNVERIFIED"] },
      "0040A730": { vr: "SQ", Value: [{
        "0040A040": { vr: "CS", Value: ["NUM"] },
        "0040A043": code("Length"),
        "0040A300": { vr: "SQ", Value: [{ "0040A30A": { vr: "DS", Value: [12.5] }, "004008EA": code("millimeter", "mm") }] },
      }] },
    };

    expect(linesOf(report).map((one) => [one.name, one.value])).toEqual([["Length", "12.5\u00a0mm"]]);
    expect(standing(report)).toBe("complete");
  });
});
