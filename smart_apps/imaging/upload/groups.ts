import type { Patient } from "fhir/r4";

import { day } from "../../shared/format/dates.ts";
import { dateTime, nameOf } from "../viewer/dicom.ts";
import type { Chosen } from "./collect.ts";
import { agreementOf, type Agreement } from "./identity.ts";

/** DICOM files of one study and one patient. */
export interface Group {
  key: string;
  files: Chosen[];
  agreement: Agreement;
  /** As the files say. */
  patient: string;
  born?: string;
  id?: string;
  modalities: string;
  when?: string;
  description?: string;
}

/** DICOM files by study and by whom they name; those that name somebody else first. */
export function groupsOf(files: readonly Chosen[], patient: Patient): Group[] {
  const groups = new Map<string, Chosen[]>();
  for (const file of files.filter((one) => one.type === "dicom")) {
    const { study, name, id, born } = file.head ?? {};
    const key = [study, name, id, born].map((one) => one ?? "").join("|");
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.entries()]
    .map(([key, of]): Group => {
      const head = of[0]?.head;
      const born = dateTime(head?.born);
      const when = dateTime(head?.date);
      return {
        key,
        files: of,
        agreement: head === undefined ? { kind: "unsaid" } : agreementOf(head, patient),
        patient: nameOf(head?.name ?? "") ?? "",
        born: born === undefined ? undefined : day(born),
        id: head?.id,
        modalities: [...new Set(of.map((one) => one.head?.modality).filter((one) => one !== undefined))].join(" "),
        when: when === undefined ? undefined : day(when),
        description: head?.description,
      };
    })
    .sort((a, b) => Number(b.agreement.kind === "other") - Number(a.agreement.kind === "other"));
}
