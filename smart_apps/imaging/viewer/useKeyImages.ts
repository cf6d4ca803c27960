import type { ImagingStudy, Media } from "fhir/r4";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useChange, useSearch } from "../../shared/fhir/queries.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { patientOf } from "../studies/studies.ts";
import { KEY_IMAGE, keyImagesOf, markOf, mediaOf } from "./keyImages.ts";
import type { Picture } from "./stacks.ts";
import { text } from "./dicom.ts";

const MOST = 200;

/** The marked pictures of a study, and how to mark and unmark one. */
export function useKeyImages(study: ImagingStudy) {
  const { config, session } = useSmart();
  const patient = patientOf(study);
  const query = useSearch<Media>("Media", patient === undefined || !session.allows("Media", "s") ? undefined : { patient, status: "completed", _sort: "-created", _count: MOST });
  const marked = keyImagesOf(study, resourcesOf<Media>(query.data, "Media"));
  const mark = useChange(["Media"], (fhir, picture: Picture) =>
    fhir.create(
      mediaOf(study, picture, config.dicomweb, session.grant.fhirUser, text(picture.attributes, "0020000E") ?? ""),
      `identifier=${encodeURIComponent(`${KEY_IMAGE}|${markOf(picture)}`)}&status=completed`,
    ));
  const unmark = useChange(["Media"], (fhir, media: Media) => fhir.update({ ...media, status: "entered-in-error" }));
  const change = useChange(["Media"], (fhir, { media, note }: { media: Media; note: string }) =>
    fhir.update({ ...media, note: note.trim() === "" ? undefined : [{ text: note.trim() }] }));
  return { query, marked, mark, unmark, change, isAllowed: patient !== undefined && session.allows("Media", "c"), isChangeable: session.allows("Media", "u") };
}
