import { useQuery } from "@tanstack/react-query";
import type { ImagingStudy, ImagingStudySeries } from "fhir/r4";

import { useSmart, type Smart } from "../../shared/smart/context.tsx";
import { uidOf } from "../studies/studies.ts";
import type { Attributes } from "./dicom.ts";
import { stacksOf, type Stack } from "./stacks.ts";
import { withTables } from "./tables.ts";

const HIDDEN = new Set(["KO", "PR"]);
const WITHOUT_PICTURES = new Set(["SR", "KO", "PR", "DOC", "SEG", "RTSTRUCT", "RTPLAN", "RWV", "REG", "FID", "ECG", "ANN"]);

/** What is asked for the stacks of a series: by it they can be fetched before they are shown. */
export function askStacks({ config, fhir, key }: Smart, study: ImagingStudy, series: string | undefined) {
  const uid = uidOf(study);
  // What comes into another series of the study, such as a report, changes nothing here.
  const count = study.series?.find((one) => one.uid === series)?.numberOfInstances;
  return {
    queryKey: key([], "stacks", uid, series, count),
    queryFn: async (): Promise<Stack[]> => {
      const instances = await fhir.other<Attributes[]>(`${config.dicomweb}/studies/${uid ?? ""}/series/${series ?? ""}/metadata`, { accept: "application/dicom+json" });
      return stacksOf(config.dicomweb, await withTables(fhir, instances));
    },
    staleTime: Infinity,
    enabled: uid !== undefined && series !== undefined,
  };
}

/** The stacks of a series. */
export function useStacks(study: ImagingStudy, series: string | undefined) {
  return useQuery(askStacks(useSmart(), study, series));
}

/** The series to show, in their order; marks of others (key objects, presentation states) aren't series to look at. */
export function seriesOf(study: ImagingStudy): ImagingStudySeries[] {
  return (study.series ?? [])
    .filter((one) => !HIDDEN.has(one.modality.code ?? ""))
    .sort((a, b) => Number(!hasPictures(a)) - Number(!hasPictures(b)) || (a.number ?? 0) - (b.number ?? 0));
}

/** How many presentation states a study has: they say how a workstation showed its images. PS3.3 A.33 */
export function statesIn(study: ImagingStudy): number {
  return (study.series ?? []).filter((one) => one.modality.code === "PR").reduce((sum, one) => sum + (one.numberOfInstances ?? 1), 0);
}

export function hasPictures(series: ImagingStudySeries): boolean {
  return !WITHOUT_PICTURES.has(series.modality.code ?? "");
}
