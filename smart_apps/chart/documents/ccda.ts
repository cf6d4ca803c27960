import { blocksOf, child, said, type Block } from "../../shared/format/narrative.ts";

export interface Section {
  title: string;
  /** 1 for sections of the document, 2 for those within one, and so on. */
  level: number;
  blocks: Block[];
}

export interface ClinicalText {
  title: string;
  /** As FHIR writes it; undefined when it isn't told. */
  date: string | undefined;
  author: string;
  patient: { family: string; given: string; birthDate: string | undefined };
  sections: Section[];
}

/**
 * A clinical document (CDA R2) as plain text: nothing of its markup is put into the page, and nothing it refers to is fetched.
 *
 * Raises Error when it is no XML or no clinical document.
 * http://www.hl7.org/implement/standards/product_brief.cfm?product_id=7
 */
export function readDocument(xml: string): ClinicalText {
  // In no namespace that a browser gives behaviour to, an image or a handler is an element like others.
  const parsed = new DOMParser().parseFromString(ALIVE.reduce((text, namespace) => text.replaceAll(namespace, "urn:inert"), xml), "text/xml");
  const root = parsed.documentElement;
  // What a browser makes of broken XML is its beginning, with a note of its own: half a document is none.
  if (parsed.getElementsByTagName("parsererror").length > 0) throw new Error("not well-formed");
  if (root.localName !== "ClinicalDocument") throw new Error("not a ClinicalDocument");
  const sections = [...root.getElementsByTagName("section")].map((section) => {
    const text = child(section, "text");
    return { title: said(child(section, "title")), level: levelOf(section), blocks: text === undefined ? [] : blocksOf(text) };
  });
  const person = down(root, "recordTarget", "patientRole", "patient");
  const author = down(root, "author", "assignedAuthor");
  const writer = said(down(author, "assignedPerson", "name")) || said(down(author, "representedOrganization", "name"));
  return {
    title: said(child(root, "title")),
    date: dateOf(child(root, "effectiveTime")),
    author: writer || said(down(root, "custodian", "assignedCustodian", "representedCustodianOrganization", "name")),
    patient: { family: said(down(person, "name", "family")), given: said(down(person, "name", "given")), birthDate: dateOf(down(person, "birthTime"))?.slice(0, 10) },
    sections: sections.filter((one) => one.title !== "" || one.blocks.length > 0),
  };
}

const ALIVE = ["http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"];

/** Whether a document names another person than a record: by birth date and family name, as far as both have them. */
export function isOfAnother(document: ClinicalText, birthDate: string | undefined, family: string | undefined): boolean {
  const theirs = document.patient;
  const differs = (one: string | undefined, other: string | undefined) => (one ?? "") !== "" && (other ?? "") !== "" && one?.toLocaleLowerCase() !== other?.toLocaleLowerCase();
  return differs(theirs.birthDate, birthDate) || differs(theirs.family, family);
}

function down(of: Element | undefined, ...names: string[]): Element | undefined {
  return names.reduce<Element | undefined>((found, name) => (found === undefined ? undefined : child(found, name)), of);
}

function levelOf(section: Element): number {
  let level = 1;
  for (let at = section.parentElement; at !== null; at = at.parentElement) if (at.localName === "section") level += 1;
  return level;
}

/** HL7's 20260301093000+0100 as a FHIR date; the time of day isn't shown. */
function dateOf(of: Element | undefined): string | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})?(\d{2})?/.exec(of?.getAttribute("value") ?? "") ?? [];
  return year === undefined ? undefined : [year, month, day].filter((part) => part !== undefined).join("-");
}
