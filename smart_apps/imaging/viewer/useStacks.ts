import { useQuery } from "@tanstack/react-query";
import type { ImagingStudy, ImagingStudySeries } from "fhir/r4";

import { useSmart, type Smart } from "../../shared/smart/context.tsx";
import { uidOf } from "../studies/studies.ts";
import type { Attributes } from "./dicom.ts";
import { withPalettes } from "./palettes.ts";
import { stacksOf, type Stack } from "./stacks.ts";

const HIDDEN = new Set(["KO", "PR"]);
const WITHOUT_PICTURES = new Set(["SR", "KO", "PR", "DOC", "SEG", "RTSTRUCT", "RTPLAN", "RWV", "REG", "FID", "ECG", "ANN"]);

/** What is asked for the stacks of a series: by it they can be fetched before they are shown. */
export function askStacks({ config, fhir, key }: Smart, study: ImagingStudy, series: string | undefined) {
  const uid = uidOf(study);
  return {
    queryKey: key([], "stacks", uid, series, study.numberOfInstances),
    queryFn: async (): Promise<Stack[]> => {
      const instances = await fhir.other<Attributes[]>(`${config.dicomweb}/studies/${uid ?? ""}/series/${series ?? ""}/metadata`, { accept: "application/dicom+json" });
      return stacksOf(config.dicomweb, await withPalettes(fhir, instances));
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

export function hasPictures(series: ImagingStudySeries): boolean {
  return !WITHOUT_PICTURES.has(series.modality.code ?? "");
}
