import { useQuery } from "@tanstack/react-query";
import type { ImagingStudy } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { uidOf } from "../studies/studies.ts";
import { text, type Attributes } from "../viewer/dicom.ts";
import { COMPREHENSIVE_SR } from "./report.ts";
import { currentOf, type Saved } from "./saved.ts";

const JSON_MODEL = "application/dicom+json";

/** The measurements of a study that were saved here, with the reports that they are in. */
export function useSaved(study: ImagingStudy | undefined) {
  const { config, fhir, key } = useSmart();
  const uid = study === undefined ? undefined : uidOf(study);
  return useQuery({
    queryKey: key(["ImagingStudy"], "measurements", uid),
    queryFn: () => ask(fhir, `${config.dicomweb}/studies/${uid ?? ""}`),
    enabled: uid !== undefined,
  });
}

/** Asks DICOMweb, which knows a report as soon as it is stored; the ImagingStudy follows some seconds later. */
async function ask(fhir: Fhir, study: string): Promise<Saved[]> {
  const answer = await fhir.send(`${study}/instances?SOPClassUID=${COMPREHENSIVE_SR}&limit=200`, { headers: { Accept: JSON_MODEL } });
  const found = answer.status === 204 ? [] : ((await answer.json()) as Attributes[]);
  const series = [...new Set(found.flatMap((one) => text(one, "0020000E") ?? []))];
  const all = await Promise.all(series.map((one) => fhir.other<Attributes[]>(`${study}/series/${one}/metadata`, { accept: JSON_MODEL })));
  return currentOf(all.flat());
}
