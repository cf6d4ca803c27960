/** Why something wasn't done with a message: a code of HL7 table 0357, where it lies, and what the server says. */
export interface Problem {
  code?: string;
  /** As PID-3(2).1, or the path of a FHIR element. */
  place?: string;
  text: string;
}

const PLACE = /^([A-Z][A-Z0-9]{2}(?:\(\d+\))?(?:-\d+[\d().]*)?|[A-Z][A-Za-z]+(?:[.[][\w[\]().]*)+): (.*)$/s;
/** The codes that have words of their own. */
export const CODES = ["100", "101", "102", "103", "104", "198", "200", "201", "202", "203", "204", "205", "206", "207"];

/** Takes a reason apart: `205 MSH-10: another message came …`. */
export function problemOf(reason: string): Problem {
  const [, code, after] = /^(\d{3}) (.*)$/s.exec(reason) ?? [];
  const said = after ?? reason;
  const [, place, text] = PLACE.exec(said) ?? [];
  return { ...(code === undefined ? {} : { code }), ...(place === undefined ? {} : { place }), text: text ?? said };
}

/** The field that a place is in, as the list of fields names it: OBX(2)-5(1).2 is in OBX[2]-5. */
export function fieldAt(place: string | undefined): string | undefined {
  const [, segment, number, field] = /^([A-Z][A-Z0-9]{2})(?:\((\d+)\))?-(\d+)/.exec(place ?? "") ?? [];
  if (segment === undefined || field === undefined) return undefined;
  return `${segment}${number === undefined || number === "1" ? "" : `[${number}]`}-${field}`;
}
