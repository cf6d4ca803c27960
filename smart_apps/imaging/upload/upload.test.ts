import { strToU8, zipSync } from "fflate";
import type { Patient } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { collect, typeOf, type Chosen } from "./collect.ts";
import { headOf } from "./dicomHead.ts";
import { agreementOf } from "./identity.ts";
import { batches, outcomes } from "./stow.ts";

/** An element of Explicit VR Little Endian with a short length. */
function element(group: number, number: number, vr: string, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === "string" ? strToU8(value, true) : value;
  const padded = bytes.length + (bytes.length % 2);
  const isLong = vr === "SQ";
  const made = new Uint8Array((isLong ? 12 : 8) + padded).fill(vr === "UI" ? 0 : 32);
  const view = new DataView(made.buffer);
  view.setUint16(0, group, true);
  view.setUint16(2, number, true);
  made.set(strToU8(vr), 4);
  if (isLong) {
    view.setUint16(6, 0, true);
    view.setUint32(8, 0xffffffff, true);
  } else view.setUint16(6, padded, true);
  made.set(bytes, isLong ? 12 : 8);
  return made;
}

function item(tag: number): Uint8Array {
  const made = new Uint8Array(8);
  new DataView(made.buffer).setUint16(0, 0xfffe, true);
  new DataView(made.buffer).setUint16(2, tag, true);
  new DataView(made.buffer).setUint32(4, tag === 0xe000 ? 0xffffffff : 0, true);
  return made;
}

function file(...more: Uint8Array[]): Blob {
  const preamble = new Uint8Array(132);
  preamble.set(strToU8("DICM"), 128);
  const parts = [
    preamble, element(2, 0x10, "UI", "1.2.840.10008.1.2.1"), ...more, element(8, 0x18, "UI", "1.2.3"),
    // A sequence of unknown length, which is jumped over.
    element(8, 0x1140, "SQ", ""), item(0xe000), element(8, 0x1155, "UI", "9.9"), item(0xe00d), item(0xe0dd),
    element(0x10, 0x10, "PN", "Müller^Ada"), element(0x10, 0x20, "LO", "17"), element(0x10, 0x30, "DA", "19800203"), element(0x20, 0xd, "UI", "1.2"),
  ];
  return new Blob(parts as BlobPart[]);
}

const latin1 = element(8, 5, "CS", "ISO_IR 100");
const patient: Patient = { resourceType: "Patient", name: [{ family: "Müller", given: ["Ada"] }], birthDate: "1980-02-03", identifier: [{ value: "17" }] };

describe("the head of a file", () => {
  it("says whose it is, in the file's own character set", async () => {
    expect(await headOf(file(latin1))).toEqual({ study: "1.2", instance: "1.2.3", name: "Müller^Ada", id: "17", born: "19800203" });
  });

  it("is nothing when the file is cut off or no DICOM", async () => {
    expect(await headOf(file().slice(0, 190))).toBeUndefined();
    expect(await headOf(new Blob(["hello"]))).toBeUndefined();
  });
});

describe("whose files they are", () => {
  const head = { study: "1.2", instance: "1.2.3", name: "MULLER^ADA", born: "19800203", id: "17" };

  it("is compared with the record", () => {
    expect(agreementOf(head, patient).kind).toBe("same");
    expect(agreementOf({ ...head, id: "another hospital's" }, patient).kind).toBe("same");
    expect(agreementOf({ ...head, born: "19810203" }, patient)).toEqual({ kind: "other", differ: ["born"] });
    expect(agreementOf({ ...head, born: undefined, id: "18" }, patient)).toEqual({ kind: "other", differ: ["id"] });
    expect(agreementOf({ study: "1.2", instance: "1.2.3" }, patient).kind).toBe("unsaid");
  });
});

describe("what was chosen", () => {
  it("is known by its bytes, whatever its name", () => {
    expect(typeOf(new Uint8Array([0xff, 0xd8, 0xff]))).toBe("jpeg");
    expect(typeOf(strToU8("%PDF-1.7"))).toBe("pdf");
    expect(typeOf(strToU8("<svg>"))).toBeUndefined();
  });

  it("is taken out of a zip, and what can't be sent is named", async () => {
    const content = new Uint8Array(await file(latin1).arrayBuffer());
    const zip = zipSync({ "CD/IMG1": content, "CD/DICOMDIR": content, "CD/readme.txt": strToU8("hello") });

    const { files, left } = await collect([new File([zip as Uint8Array<ArrayBuffer>], "cd.zip")]);

    expect(files.map((one) => [one.name, one.head?.instance])).toEqual([["cd.zip/CD/IMG1", "1.2.3"]]);
    expect(left.map((one) => one.name).sort()).toEqual(["cd.zip/CD/DICOMDIR", "cd.zip/CD/readme.txt"]);
  });

  it("says of a damaged zip that it is one", async () => {
    const { left } = await collect([new File([new Uint8Array([0x50, 0x4b, 3, 4, 1, 2, 3])], "cd.zip")]);

    expect(left).toEqual([{ name: "cd.zip", reason: "zip" }]);
  });
});

describe("storing", () => {
  const chosen = (uid?: string): Chosen => ({ key: uid ?? "?", name: uid ?? "?", type: "dicom", content: new Blob(["x"]), head: uid === undefined ? undefined : { study: "1.2", instance: uid } });

  it("goes in lots; a file without a readable UID goes alone", () => {
    expect(batches(Array.from({ length: 120 }, (_, n) => chosen(String(n)))).map((one) => one.length)).toEqual([50, 50, 20]);
    expect(batches([chosen("1"), chosen(), chosen("2")]).map((one) => one.length)).toEqual([1, 1, 1]);
  });

  it("tells of each file what became of it", () => {
    const named = (uid: string, more: object) => ({ "00081155": { vr: "UI", Value: [uid] }, ...more });
    const answer = {
      "00081199": { vr: "SQ", Value: [named("1", { "00081190": { vr: "UR", Value: ["http://s/dicom-web/studies/1.2/series/3/instances/1"] } })] },
      "00081198": { vr: "SQ", Value: [named("2", { "00081197": { vr: "US", Value: [0x0111] } })] },
    };

    expect([...outcomes([chosen("1"), chosen("2"), chosen("3")], answer).values()]).toEqual([
      { kind: "stored", study: "1.2" }, { kind: "refused", reason: "duplicate" }, { kind: "refused", reason: "unreadable" },
    ]);
  });
});
