import { moment } from "../../shared/format/dates.ts";
import { dateTime, items, meaning, person, text, type Attributes } from "./dicom.ts";

/** A node of a structured report's content tree, as text. PS3.3 C.17.3 */
export interface Line {
  key: string;
  /** What it is about: "Finding site". */
  name?: string;
  /** What it says, with its unit. */
  value?: string;
  /** Instances that it refers to. */
  images: string[];
  children: Line[];
}

/** The content of a report to read; the document's own title isn't part of it. */
export function linesOf(report: Attributes): Line[] {
  return items(report, "0040A730").map((item, n) => line(item, String(n)));
}

export function reportTitle(report: Attributes): string | undefined {
  return meaning(report, "0040A043");
}

function line(item: Attributes, key: string): Line {
  const references = items(item, "00081199").map((one) => text(one, "00081155")).filter((uid) => uid !== undefined);
  return {
    key,
    name: meaning(item, "0040A043"),
    value: valueOf(item),
    images: ["IMAGE", "COMPOSITE", "WAVEFORM"].includes(text(item, "0040A040") ?? "") ? references : [],
    children: items(item, "0040A730").map((one, n) => line(one, `${key}.${n}`)),
  };
}

function valueOf(item: Attributes): string | undefined {
  switch (text(item, "0040A040")) {
    case "TEXT": return text(item, "0040A160");
    case "CODE": return meaning(item, "0040A168");
    case "NUM": return measured(item);
    case "PNAME": return person(item, "0040A123");
    case "DATE": return when(text(item, "0040A121"));
    case "TIME": return text(item, "0040A122")?.replace(/^(\d\d)(\d\d).*/, "$1:$2");
    case "DATETIME": return when(text(item, "0040A120")?.slice(0, 8), text(item, "0040A120")?.slice(8));
    case "UIDREF": return text(item, "0040A124");
    default: return undefined;
  }
}

/** A number as it was written, with its unit; why there is none, if it says so. */
function measured(item: Attributes): string | undefined {
  const [found] = items(item, "0040A300");
  if (found === undefined) return meaning(item, "0040A301");
  const unit = items(found, "004008EA")[0];
  const code = unit === undefined ? undefined : text(unit, "00080100");
  // {…} of UCUM is a remark, which its meaning says in words; 1 is no unit.
  const written = code === undefined || code === "1" || code === "no units" ? "" : code.includes("{") ? (text(unit ?? {}, "00080104") ?? "") : code;
  const value = text(found, "0040A30A");
  return value === undefined ? undefined : [value, written].filter((one) => one !== "").join("\u00a0");
}

function when(date: string | undefined, time?: string): string | undefined {
  const said = dateTime(date, time === "" ? undefined : time);
  return said === undefined ? date : moment(said);
}

/** COMPLETE and VERIFIED, or not: what it may be taken for. PS3.3 C.17.2 */
export function standing(report: Attributes): "verified" | "complete" | "partial" {
  if (text(report, "0040A493") === "VERIFIED") return "verified";
  return text(report, "0040A491") === "COMPLETE" ? "complete" : "partial";
}
