import { useQueries } from "@tanstack/react-query";
import type { ImagingStudy } from "fhir/r4";

import { useSmart } from "../../shared/smart/context.tsx";
import { text } from "./dicom.ts";
import { sideOf } from "./overlay.ts";
import type { Picture, Stack } from "./stacks.ts";
import { askStacks, seriesOf } from "./useStacks.ts";

/** The mammograms of both breasts, to be read side by side. */
export interface Breasts {
  right: Stack;
  left: Stack;
}

/** The usual views first, so that the same ones are beside each other. */
const VIEWS = ["CC", "MLO", "ML", "LM"];

/** The mammograms of a study; undefined where it hasn't some of both breasts. */
export function useBreasts(study: ImagingStudy): { isPending: boolean; breasts: Breasts | undefined } {
  const smart = useSmart();
  const series = seriesOf(study).filter((one) => one.modality.code === "MG");
  return useQueries({
    queries: series.map((one) => askStacks(smart, study, one.uid)),
    combine: (found) => ({ isPending: found.some((one) => one.isPending), breasts: breastsOf(found.flatMap((one) => one.data ?? [])) }),
  });
}

export function breastsOf(stacks: readonly Stack[]): Breasts | undefined {
  const pictures = stacks.filter((one) => one.frameMs === undefined).flatMap((one) => one.pictures);
  const of = (side: "R" | "L"): Stack | undefined => {
    const shown = pictures.filter((one) => sideOf(one.attributes) === side).sort((a, b) => viewOf(a) - viewOf(b));
    const [first] = shown;
    if (first === undefined) return undefined;
    return {
      key: `${first.instance} ${side}`, kind: "pictures", series: text(first.attributes, "0020000E") ?? "", modality: "MG", attributes: first.attributes,
      pictures: shown, isVolume: false,
    };
  };
  const [right, left] = [of("R"), of("L")];
  return right === undefined || left === undefined ? undefined : { right, left };
}

function viewOf({ attributes }: Picture): number {
  const at = VIEWS.indexOf(text(attributes, "00185101") ?? "");
  return at < 0 ? VIEWS.length : at;
}
