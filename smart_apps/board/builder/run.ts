import type { FhirResource, Parameters, ParametersParameter, Patient } from "fhir/r4";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Fhir } from "../../shared/fhir/client.ts";
import { runOf, type View } from "./definition.ts";

export const FORMATS = ["csv", "xlsx", "pdf"] as const;
export type Format = (typeof FORMATS)[number];
export type Row = Readonly<Record<string, unknown>>;

/** Rows that are shown before anything is saved; one more tells that there are others. */
export const SHOWN = 50;

const TYPES: Readonly<Record<Format, string>> = { csv: "text/csv", xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", pdf: "application/pdf" };

/** The first rows of a view, as the server gives them. */
export async function rowsOf(fhir: Fhir, view: View | string): Promise<Row[]> {
  const answer = await fhir.send("$viewdefinition-run?_format=json", { method: "POST", body: runOf(view, [{ name: "_limit", valuePositiveInt: SHOWN + 1 }]), headers: { Accept: "application/json" } });
  return (await answer.json()) as Row[];
}

/** All rows as a file; `of` are resources to make them of, instead of what is stored. */
export async function fileOf(fhir: Fhir, view: View | string, format: Format, of: readonly FhirResource[] = []): Promise<Blob> {
  const more: ParametersParameter[] = of.map((resource) => ({ name: "resource", resource }));
  const body: Parameters = runOf(view, more);
  const answer = await fhir.send(`$viewdefinition-run?_format=${format}`, { method: "POST", body, headers: { Accept: TYPES[format] } });
  return answer.blob();
}

/** The patients whom rows name, by their references; none where they may not be read. */
export async function patientsOf(fhir: Fhir, references: readonly string[]): Promise<Map<string, Patient>> {
  const ids = [...new Set(references.map((one) => one.replace(/^Patient\//, "")))];
  if (ids.length === 0) return new Map();
  const found = await fhir.search<Patient>("Patient", { _id: ids.join(","), _count: ids.length });
  return new Map(resourcesOf<Patient>(found, "Patient").map((one) => [`Patient/${one.id ?? ""}`, one]));
}
