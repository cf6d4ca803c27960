import { blocksOf, child, said, type Block } from "../../shared/format/narrative.ts";

export interface Section {
  title: string;
  blocks: Block[];
}

/**
 * The title and sections of a clinical document (CDA R2), as plain text: nothing of its markup is put into the page.
 *
 * Raises Error when it is no XML or no clinical document.
 * http://www.hl7.org/implement/standards/product_brief.cfm?product_id=7
 */
export function readDocument(xml: string): { title: string; sections: Section[] } {
  const parsed = new DOMParser().parseFromString(xml, "text/xml");
  const root = parsed.documentElement;
  if (root.localName !== "ClinicalDocument") throw new Error("not a ClinicalDocument");
  const sections = [...root.getElementsByTagName("section")].map((section) => {
    const text = child(section, "text");
    return { title: said(child(section, "title")), blocks: text === undefined ? [] : blocksOf(text) };
  });
  return { title: said(child(root, "title")), sections: sections.filter((one) => one.title !== "" || one.blocks.length > 0) };
}
