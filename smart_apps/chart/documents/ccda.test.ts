import { describe, expect, it } from "vitest";

import { fromBase64, toBase64 } from "../../shared/format/base64.ts";
import { isGenuine, kindOf } from "./attachments.ts";
import { isOfAnother, readDocument } from "./ccda.ts";

const DOCUMENT = `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Discharge</title><effectiveTime value="20260301093000+0100"/>
<recordTarget><patientRole><patient><name><given>Ngozi</given><family>Okafor</family></name><birthTime value="19450714"/></patient></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name>Dr. Adams</name></assignedPerson></assignedAuthor></author>
<component><structuredBody><component><section>
<title>Allergies</title><text><table><thead><tr><th>Substance</th></tr></thead><tbody><tr><td>Penicillin<script>alert(1)</script></td></tr></tbody></table><list><item>none other</item></list>read on admission<renderMultiMedia referencedObject="x"/><img src="https://evil.example/x.png" onerror="alert(2)"/></text>
<component><section><title>Reactions</title><text><paragraph>rash</paragraph></text></section></component>
</section></component></structuredBody></component></ClinicalDocument>`;

describe("a clinical document", () => {
  it("is read as text, whatever its markup would do", () => {
    const read = readDocument(DOCUMENT);

    expect(read.title).toBe("Discharge");
    expect(read.sections).toEqual([
      {
        title: "Allergies", level: 1,
        blocks: [{ kind: "table", head: [["Substance"]], rows: [["Penicillin"]] }, { kind: "list", items: ["none other"] }, { kind: "text", text: "read on admission" }],
      },
      { title: "Reactions", level: 2, blocks: [{ kind: "text", text: "rash" }] },
    ]);
  });

  it("says when it was written, by whom and about whom", () => {
    const read = readDocument(DOCUMENT);

    expect([read.date, read.author, read.patient]).toEqual(["2026-03-01", "Dr. Adams", { family: "Okafor", given: "Ngozi", birthDate: "1945-07-14" }]);
    expect(isOfAnother(read, "1945-07-14", "OKAFOR")).toBe(false);
    expect(isOfAnother(read, undefined, undefined)).toBe(false);
    expect(isOfAnother(read, "1945-07-15", "Okafor")).toBe(true);
    expect(isOfAnother(read, "1945-07-14", "Mbeki")).toBe(true);
  });

  it("is refused when it is something else, or broken off", () => {
    expect(() => readDocument("<html/>")).toThrow();
    expect(() => readDocument(DOCUMENT.slice(0, 700))).toThrow();
    expect(() => readDocument("not XML")).toThrow();
  });
});

describe("an attachment", () => {
  it("that could act in the page is only ever downloaded", () => {
    expect(["text/html", "image/svg+xml", "application/javascript", undefined].map(kindOf)).toEqual(["other", "other", "other", "other"]);
  });
  it("of text may have a character set", () => expect(kindOf("text/plain; charset=utf-8")).toBe("text"));
  it("keeps every script", () => expect(new TextDecoder().decode(fromBase64(toBase64("Ngọc 李 é")))).toBe("Ngọc 李 é"));
  it("is what it says it is by its first bytes", async () => {
    const file = (type: string, ...bytes: number[]) => isGenuine(new Blob([new Uint8Array(bytes)], { type }));
    const text = (type: string, said: string) => isGenuine(new Blob([said], { type }));

    expect(await Promise.all([
      text("application/pdf", "%PDF-1.7 …"), file("image/jpeg", 0xff, 0xd8, 0xff, 0xe0), file("image/png", 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a),
      text("text/plain", "a letter"), text("text/xml", "\ufeff<?xml version='1.0'?>"),
    ])).toEqual([true, true, true, true, true]);
    expect(await Promise.all([text("application/pdf", "<html>"), text("image/jpeg", "MZ"), file("text/plain", 77, 90, 0), text("text/xml", "PK"), text("text/html", "<html>")])).toEqual([false, false, false, false, false]);
  });
});
