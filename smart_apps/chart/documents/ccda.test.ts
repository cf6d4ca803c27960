import { describe, expect, it } from "vitest";

import { kindOf, toBase64, fromBase64 } from "./attachments.ts";
import { readDocument } from "./ccda.ts";

const DOCUMENT = `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Discharge</title><component><structuredBody><component><section>
<title>Allergies</title><text><table><thead><tr><th>Substance</th></tr></thead><tbody><tr><td>Penicillin<script>alert(1)</script></td></tr></tbody></table><list><item>none other</item></list>read on admission</text>
</section></component></structuredBody></component></ClinicalDocument>`;

describe("a clinical document", () => {
  it("is read as text, whatever its markup would do", () => {
    const read = readDocument(DOCUMENT);

    expect(read.title).toBe("Discharge");
    expect(read.sections).toEqual([{
      title: "Allergies",
      blocks: [{ kind: "table", head: [["Substance"]], rows: [["Penicillinalert(1)"]] }, { kind: "list", items: ["none other"] }, { kind: "text", text: "read on admission" }],
    }]);
  });

  it("is refused when it is something else", () => expect(() => readDocument("<html/>")).toThrow());
});

describe("an attachment", () => {
  it("that could act in the page is only ever downloaded", () => {
    expect(["text/html", "image/svg+xml", "application/javascript", undefined].map(kindOf)).toEqual(["other", "other", "other", "other"]);
  });
  it("of text may have a character set", () => expect(kindOf("text/plain; charset=utf-8")).toBe("text"));
  it("keeps every script", () => expect(new TextDecoder().decode(fromBase64(toBase64("Ngọc 李 é")))).toBe("Ngọc 李 é"));
});
