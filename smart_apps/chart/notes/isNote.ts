import type { DocumentReference } from "fhir/r4";

import { hasCode } from "../../shared/format/codes.ts";

/** Whether it is a note that somebody wrote, and not a document that came from elsewhere. */
export function isNote(one: DocumentReference): boolean {
  return one.category?.some((category) => hasCode(category, "clinical-note")) === true;
}
