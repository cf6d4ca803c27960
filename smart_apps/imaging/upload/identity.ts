import type { Patient } from "fhir/r4";

import { dateTime } from "../viewer/dicom.ts";
import { differencesFrom } from "../viewer/overlay.ts";
import type { Head } from "./dicomHead.ts";

/** How a file's patient goes with the record's: the same, another one, or too little is said. */
export type Agreement = { kind: "same" } | { kind: "other"; differ: ("name" | "born" | "id")[] } | { kind: "unsaid" };

/** A file is the patient's when nothing differs that both say, and name and one thing more are said. */
export function agreementOf(head: Head, patient: Patient): Agreement {
  const differ = differencesFrom(patient, {
    "00100010": said("PN", head.name),
    "00100020": said("LO", head.id),
    "00100030": said("DA", head.born),
  });
  // Numbers of other hospitals are others: by themselves they don't make it somebody else.
  const isOther = differ.includes("name") || differ.includes("born");
  if (isOther || (differ.length > 0 && dateTime(head.born) === undefined)) return { kind: "other", differ };
  return head.name === undefined || (head.born === undefined && head.id === undefined) ? { kind: "unsaid" } : { kind: "same" };
}

function said(vr: string, value: string | undefined) {
  return value === undefined ? undefined : { vr, Value: [value] };
}
