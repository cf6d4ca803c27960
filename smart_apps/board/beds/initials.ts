import type { HumanName } from "fhir/r4";

import { chosen } from "../../shared/format/people.ts";

/** O. N. of OKAFOR, Ngozi; three dots where no name is known. */
export function initials(names: HumanName[] | undefined): string {
  const name = chosen(names);
  const letters = [name?.family, name?.given?.[0] ?? (name?.family === undefined ? name?.text : undefined)]
    .map((part) => firstLetter(part ?? ""))
    .filter((letter) => letter !== "");
  return letters.length === 0 ? "···" : letters.map((letter) => `${letter}.`).join(" ");
}

/** What a reader takes for one letter, in every script. */
function firstLetter(text: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text.trim());
  return first?.segment.toLocaleUpperCase() ?? "";
}
