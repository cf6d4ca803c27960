import {
  IconActivityHeartbeat, IconAlertTriangle, IconClipboardHeart, IconClipboardList, IconFileText, IconFiles, IconFlask,
  IconHistory, IconId, IconNotes, IconPhotoScan, IconPill, IconScissors, IconSearch, IconShare, IconStethoscope, IconTargetArrow, IconTimeline, IconUsers, IconVaccine,
} from "@tabler/icons-react";

import type { Place } from "../shared/frame/navigation.ts";

/** Places without a patient. */
export const PLACES: readonly Place[] = [
  { path: "", label: "myPatients", icon: IconUsers, key: "p" },
  { path: "search", label: "findPatient", icon: IconSearch, key: "f", needs: ["Patient", "s"] },
  { path: "shared", label: "sharedWithMe", icon: IconShare, key: "d", needs: ["Consent", "s"] },
];

/** Places of a patient's record, those used most first: on a phone the first three are in reach at once. */
export function placesOf(patient: string, isLaunched: boolean, isClerk: boolean): Place[] {
  const at = (page: string) => `patients/${patient}${page === "" ? "" : `/${page}`}`;
  if (isClerk) {
    return [
      { path: "search", label: "findPatient", icon: IconSearch, key: "f" },
      { path: at("details"), label: "details", icon: IconId, key: "s" },
      { path: at("encounters"), label: "encounters", icon: IconHistory },
    ];
  }
  return [
    ...(isLaunched ? [] : [{ path: "", label: "myPatients", icon: IconUsers, key: "p" }]),
    { path: at(""), label: "summary", icon: IconClipboardHeart, key: "s" },
    { path: at("vitals"), label: "vitals", icon: IconActivityHeartbeat, key: "v", needs: ["Observation", "s"] },
    { path: at("results"), label: "results", icon: IconFlask, key: "r", needs: ["Observation", "s"] },
    { path: at("timeline"), label: "timeline", icon: IconTimeline, key: "l", needs: ["Encounter", "s"] },
    { path: at("problems"), label: "problems", icon: IconStethoscope, needs: ["Condition", "s"] },
    { path: at("medications"), label: "medications", icon: IconPill, key: "m", needs: ["MedicationRequest", "s"] },
    { path: at("allergies"), label: "allergies", icon: IconAlertTriangle, key: "a", needs: ["AllergyIntolerance", "s"] },
    { path: at("notes"), label: "notes", icon: IconNotes, key: "n", needs: ["DocumentReference", "s"] },
    { path: at("documents"), label: "documents", icon: IconFiles, key: "d", needs: ["DocumentReference", "s"] },
    { path: at("orders"), label: "orders", icon: IconClipboardList, key: "o", needs: ["ServiceRequest", "s"] },
    { path: at("imaging"), label: "imaging", icon: IconPhotoScan, key: "i", needs: ["ImagingStudy", "s"] },
    { path: at("plan"), label: "plan", icon: IconTargetArrow, needs: ["Goal", "s"] },
    { path: at("procedures"), label: "procedures", icon: IconScissors, needs: ["Procedure", "s"] },
    { path: at("immunizations"), label: "immunizations", icon: IconVaccine, needs: ["Immunization", "s"] },
    { path: at("encounters"), label: "encounters", icon: IconHistory, needs: ["Encounter", "s"] },
    { path: at("details"), label: "details", icon: IconId, key: "u", needs: ["Patient", "r"] },
    { path: at("share"), label: "shareShort", icon: IconFileText, needs: ["Patient", "r"] },
  ] satisfies Place[];
}
