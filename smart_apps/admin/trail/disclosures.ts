import type { AuditEvent } from "fhir/r4";

import { linkOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Fhir } from "../../shared/fhir/client.ts";

const MOST_PAGES = 100;

/** The accounting of disclosures of a patient, the newest first; `isCut` when there is more than a report holds. */
export async function disclosures(fhir: Fhir, patient: string, from: string, to: string): Promise<{ events: AuditEvent[]; isCut: boolean }> {
  const query = new URLSearchParams({ _count: "100", ...(from === "" ? {} : { start: from }), ...(to === "" ? {} : { end: to }) });
  const events: AuditEvent[] = [];
  let next: string | undefined = `Patient/${patient}/$disclosures?${query}`;
  for (let n = 0; next !== undefined && n < MOST_PAGES; n += 1) {
    const page = await fhir.page<AuditEvent>(next);
    events.push(...resourcesOf<AuditEvent>(page, "AuditEvent"));
    next = linkOf(page, "next");
  }
  return { events, isCut: next !== undefined };
}

/** RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function csv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
