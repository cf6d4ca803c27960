import { useQueryClient } from "@tanstack/react-query";
import type { ImagingStudy } from "fhir/r4";

import { useSmart } from "../../shared/smart/context.tsx";

/** Gives a study of a list to its own page, which shows it while it reads it anew: the first image needn't wait for that. */
export function useKnown(): (study: ImagingStudy) => void {
  const { key } = useSmart();
  const queries = useQueryClient();
  return (study) => {
    const place = key(["ImagingStudy"], "read", "ImagingStudy", study.id);
    if (queries.getQueryData(place) === undefined) queries.setQueryData(place, study, { updatedAt: 0 });
  };
}
