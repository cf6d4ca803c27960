import type { DiagnosticReport, DocumentReference, Extension, Reference } from "fhir/r4";

/** Who said that something was entered in error, when and why: profiles/StructureDefinition-entered-in-error.json. */
export const IN_ERROR = "https://fhirserver.example/StructureDefinition/entered-in-error";

/** What can be withdrawn after it was signed. */
export type Signed = DiagnosticReport | DocumentReference;

export interface Withdrawal {
  reason: string;
  at: string;
  by?: Reference;
}

export function isInError(one: { status: string }): boolean {
  return one.status === "entered-in-error";
}

/** The same as an error, with who says so and why; its content stays. */
export function withdrawn<T extends Signed>(one: T, { reason, at, by }: Withdrawal): T {
  const said: Extension = {
    url: IN_ERROR,
    extension: [
      { url: "reason", valueString: reason.trim() },
      { url: "when", valueDateTime: at },
      ...(by === undefined ? [] : [{ url: "who", valueReference: by }]),
    ],
  };
  return { ...one, status: "entered-in-error", extension: [...(one.extension ?? []).filter((other) => other.url !== IN_ERROR), said] };
}

/** What was said when it was withdrawn; undefined where another system has withdrawn it without a word. */
export function withdrawalOf(one: { extension?: Extension[] }): Withdrawal | undefined {
  const parts = one.extension?.find((other) => other.url === IN_ERROR)?.extension;
  if (parts === undefined) return undefined;
  const part = (url: string) => parts.find((other) => other.url === url);
  return { reason: part("reason")?.valueString ?? "", at: part("when")?.valueDateTime ?? "", by: part("who")?.valueReference };
}
