import type { MeasureReport } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";
import { queryOf } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import type { Period } from "./period.ts";

let last: Promise<unknown> = Promise.resolve();

/** One after another: a report is work for the server, which takes only so much of it at once from one caller. */
function inTurn<T>(ask: () => Promise<T>): Promise<T> {
  const mine = last.then(ask, ask);
  last = mine.catch(() => undefined);
  return mine;
}

/** A metric of a period, as the server computes it now; only what the user may see counts. */
export function useReport(metric: string, period: Period, kind: "summary" | "subject-list" = "summary", isWanted = true) {
  // Not about any type: a report is read again by its button, not with every change in the hospital.
  return useAsk<MeasureReport>([], isWanted ? ["measure", metric, period.start, period.end, kind] : undefined, (fhir) =>
    inTurn(() => fhir.operation<MeasureReport>(`Measure/$evaluate-measure?${queryOf({ measure: metric, periodStart: period.start, periodEnd: period.end, reportType: kind })}`)),
  );
}

export const FORMATS = ["csv", "xlsx", "pdf"] as const;
export type Format = (typeof FORMATS)[number];
const TYPES = { csv: "text/csv", xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", pdf: "application/pdf" } as const;

/** Reports as one file; a stored one by its id. */
export async function tableOf(fhir: Fhir, reports: readonly MeasureReport[], format: Format): Promise<Blob> {
  const [first] = reports;
  const isStored = reports.length === 1 && first?.id !== undefined;
  const answer = await fhir.send(isStored ? `MeasureReport/${first.id ?? ""}/$table?_format=${format}` : `MeasureReport/$table?_format=${format}`, {
    method: isStored ? "GET" : "POST",
    body: isStored ? undefined : { resourceType: "Parameters", parameter: reports.map((resource) => ({ name: "report", resource })) },
    headers: { Accept: TYPES[format] },
  });
  return answer.blob();
}
