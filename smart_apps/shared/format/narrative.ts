/** A part of a document's narrative, of the few kinds that are shown. */
export type Block =
  | { kind: "text"; text: string }
  | { kind: "list"; items: string[] }
  | { kind: "table"; head: string[][]; rows: string[][] };

const LISTS = new Set(["list", "ul", "ol"]);
/** What is shown part by part when it is within another. */
const GROUPS = new Set([...LISTS, "table", "paragraph", "p", "div"]);
/** What is never shown, not even as text. */
const SILENT = new Set(["script", "style"]);

/** The narrative of a FHIR resource (XHTML), in the same way. Unreadable, it is nothing. */
export function readNarrative(xhtml: string): Block[] {
  const root = new DOMParser().parseFromString(xhtml, "text/xml").documentElement;
  return root.localName === "div" ? blocksOf(root) : [];
}

export function child(of: Element, name: string): Element | undefined {
  return [...of.children].find((one) => one.localName === name);
}

/** The words in an element, without what was meant for machines. */
export function said(of: Element | undefined): string {
  return (of === undefined ? "" : wordsIn(of)).replace(/\s+/g, " ").trim();
}

function wordsIn(of: Element): string {
  let words = "";
  for (const node of of.childNodes) {
    if (node.nodeType === 3 || node.nodeType === 4) words += node.textContent ?? "";
    else if (node.nodeType === 1 && (node as Element).localName === "br") words += " ";
    else if (node.nodeType === 1 && !SILENT.has((node as Element).localName)) words += wordsIn(node as Element);
  }
  return words;
}

export function blocksOf(of: Element): Block[] {
  const blocks: Block[] = [];
  for (const node of of.childNodes) {
    if (node.nodeType === 3) {
      const text = (node.textContent ?? "").replace(/\s+/g, " ").trim();
      if (text !== "") blocks.push({ kind: "text", text });
    } else if (node.nodeType === 1) {
      const element = node as Element;
      if (SILENT.has(element.localName)) continue;
      if (LISTS.has(element.localName)) blocks.push({ kind: "list", items: [...element.children].filter((one) => one.localName === "item" || one.localName === "li").map(said) });
      else if (element.localName === "table") blocks.push({ kind: "table", head: rowsOf(child(element, "thead")), rows: [...rowsOf(element), ...[...element.children].filter((one) => one.localName === "tbody" || one.localName === "tfoot").flatMap(rowsOf)] });
      else if ([...element.children].some((one) => GROUPS.has(one.localName))) blocks.push(...blocksOf(element));
      else if (said(element) !== "") blocks.push({ kind: "text", text: said(element) });
    }
  }
  return blocks;
}

function rowsOf(of: Element | undefined): string[][] {
  return [...(of?.children ?? [])].filter((row) => row.localName === "tr").map((row) => [...row.children].map(said));
}
