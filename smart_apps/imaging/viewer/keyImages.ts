import type { ImagingStudy, Media } from "fhir/r4";

import { idIn } from "../../shared/fhir/bundle.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { addressOf } from "./stacks.ts";
import type { Picture } from "./stacks.ts";

export const KEY_IMAGE = "https://fhirserver.example/key-image";
const DICOM_EXTENSION = "https://fhirserver.example/StructureDefinition/dicom-key-image";
const DCM = "http://dicom.nema.org/resources/ontology/DCM";

/** A picture that somebody has marked. */
export interface KeyImage {
  key: string;
  series: string;
  instance: string;
  frame: number;
  title: string;
  note?: string;
  by?: string;
  at?: string;
  /** Marked in this app: it can be unmarked. Others come from a workstation's key object selection. */
  media?: Media;
}

/** What tells a marked picture: `2.25.1#1`. */
export function markOf({ instance, frame }: { instance: string; frame: number }): string {
  return `${instance}#${frame}`;
}

/** A Media that marks a picture of a study: it names the picture, and holds no copy of it. */
export function mediaOf(study: ImagingStudy, picture: Picture, dicomweb: string, operator: string | undefined, series: string, note?: string): Media {
  return {
    resourceType: "Media",
    status: "completed",
    identifier: [
      { system: KEY_IMAGE, value: markOf(picture) },
      { system: "urn:dicom:uid", value: `urn:oid:${picture.instance}` },
      { system: "https://fhirserver.example/key-image-series", value: series },
    ],
    type: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/media-type", code: "image", display: "Image" }] },
    reasonCode: [{ coding: [{ system: DCM, code: "113000", display: "Of Interest" }] }],
    partOf: [{ reference: `ImagingStudy/${study.id ?? ""}` }],
    ...(study.basedOn === undefined ? {} : { basedOn: study.basedOn }),
    ...(study.encounter === undefined ? {} : { encounter: study.encounter }),
    subject: study.subject,
    createdDateTime: isoNow(),
    ...(operator === undefined ? {} : { operator: { reference: operator } }),
    content: { contentType: "image/jpeg", url: `${addressOf(dicomweb, picture.attributes)}/frames/${picture.frame}/rendered` },
    ...(note === undefined || note === "" ? {} : { note: [{ text: note }] }),
  };
}

/** The marked pictures of a study: those marked here, and those of key object selections. */
export function keyImagesOf(study: ImagingStudy, media: readonly Media[]): KeyImage[] {
  const here = media
    .filter((one) => one.status !== "entered-in-error" && one.partOf?.some((part) => idIn(part.reference, "ImagingStudy") === study.id) === true)
    .flatMap((one): KeyImage[] => {
      const [instance, frame] = one.identifier?.find((id) => id.system === KEY_IMAGE)?.value?.split("#") ?? [];
      if (instance === undefined) return [];
      const series = one.identifier?.find((id) => id.system === "https://fhirserver.example/key-image-series")?.value ?? "";
      return [{
        key: one.id ?? instance, series, instance, frame: Number(frame ?? 1), title: "", note: one.note?.[0]?.text, by: one.operator?.display, at: one.createdDateTime, media: one,
      }];
    });
  const others = (study.series ?? []).flatMap((series) =>
    (series.instance ?? []).flatMap((instance) =>
      (instance.extension ?? []).filter((one) => one.url === DICOM_EXTENSION).map((mark): KeyImage => {
        const part = (url: string) => mark.extension?.find((one) => one.url === url);
        const title = part("title")?.valueCodeableConcept;
        return {
          key: `${instance.uid} ${part("document")?.valueUri ?? ""}`, series: series.uid, instance: instance.uid, frame: part("frame")?.valuePositiveInt ?? 1,
          title: title?.text ?? title?.coding?.[0]?.display ?? "", note: part("note")?.valueString,
        };
      }),
    ),
  );
  return [...here, ...others];
}
