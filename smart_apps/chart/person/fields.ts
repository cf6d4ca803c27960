import type { Address, ContactPoint, HumanName, Identifier, Patient, PatientCommunication, PatientContact, Reference } from "fhir/r4";

import { codeOf, identifierType, languageName, relationship, systemOf } from "./kinds.ts";

/** A line of a list in the form: what is typed, and the element that it was read from. */
interface Row<T> {
  key: string;
  of?: T;
}
export interface NameRow extends Row<HumanName> { use: string; prefix: string; given: string; family: string; suffix: string; text: string }
export interface IdentifierRow extends Row<Identifier> { kind: string; value: string; issuer: string }
export interface TelecomRow extends Row<ContactPoint> { system: string; use: string; value: string }
export interface AddressRow extends Row<Address> { use: string; lines: string; postalCode: string; city: string; state: string; country: string }
export interface ContactRow extends Row<PatientContact> { relationship: string; given: string; family: string; phone: string }

/** What the form holds, as text. */
export interface Fields {
  names: NameRow[];
  birthDate: string;
  gender: string;
  identifiers: IdentifierRow[];
  telecoms: TelecomRow[];
  addresses: AddressRow[];
  contacts: ContactRow[];
  /** BCP 47; "" where it isn't known. */
  language: string;
  practitioner?: Reference;
}

/** Registrations carry this identifier, so that a second try makes no second patient. */
export const REGISTRATION = "https://fhirserver.example/registration-entry";

/** Identifiers that people don't work with stay out of the form, and as they are. */
export function isShown(one: Identifier): boolean {
  return one.system !== REGISTRATION;
}

const key = () => crypto.randomUUID();
export const emptyName = (use = "official"): NameRow => ({ key: key(), use, prefix: "", given: "", family: "", suffix: "", text: "" });
export const emptyIdentifier = (): IdentifierRow => ({ key: key(), kind: "MR", value: "", issuer: "" });
export const emptyTelecom = (system = "phone"): TelecomRow => ({ key: key(), system, use: system === "phone" ? "mobile" : "home", value: "" });
export const emptyAddress = (): AddressRow => ({ key: key(), use: "home", lines: "", postalCode: "", city: "", state: "", country: "" });
export const emptyContact = (): ContactRow => ({ key: key(), relationship: "C", given: "", family: "", phone: "" });

/** The form for a patient; empty lines where there is nothing yet. */
export function fieldsOf(patient?: Patient): Fields {
  const some = <T>(rows: T[], empty: T): T[] => (rows.length > 0 ? rows : [empty]);
  const [practitioner] = patient?.generalPractitioner ?? [];
  return {
    names: some((patient?.name ?? []).map((of) => ({ key: key(), of, ...nameTexts(of) })), emptyName()),
    birthDate: patient?.birthDate ?? "",
    gender: patient?.gender ?? "",
    identifiers: some((patient?.identifier ?? []).filter(isShown).map((of) => ({ key: key(), of, ...identifierTexts(of) })), emptyIdentifier()),
    telecoms: some((patient?.telecom ?? []).map((of) => ({ key: key(), of, system: of.system ?? "other", use: of.use ?? "", value: of.value ?? "" })), emptyTelecom()),
    addresses: some((patient?.address ?? []).map((of) => ({ key: key(), of, ...addressTexts(of) })), emptyAddress()),
    contacts: (patient?.contact ?? []).map((of) => ({ key: key(), of, ...contactTexts(of) })),
    language: languageOf(preferred(patient?.communication)),
    ...(practitioner === undefined ? {} : { practitioner }),
  };
}

/**
 * The patient that the form says; `base` is what it was read from, and what the form doesn't know stays as it is there.
 *
 * Lines that weren't touched are the very elements that were read.
 */
export function patientOf(fields: Fields, base: Patient, spoken: string, kindName: (kind: string) => string): Patient {
  const hidden = (base.identifier ?? []).filter((one) => !isShown(one));
  const practitioners = base.generalPractitioner ?? [];
  const isSame = practitioners[0]?.reference === fields.practitioner?.reference;
  return present({
    ...base,
    identifier: [...fields.identifiers.flatMap((row) => identifierOf(row, kindName)), ...hidden],
    name: fields.names.flatMap(nameOf),
    telecom: fields.telecoms.flatMap(telecomOf),
    gender: (filled(fields.gender) ?? base.gender) as Patient["gender"],
    birthDate: filled(fields.birthDate),
    address: fields.addresses.flatMap(addressOf),
    contact: fields.contacts.flatMap((row) => contactOf(row, kindName)),
    communication: communicationsOf(fields.language, base.communication, spoken),
    generalPractitioner: isSame ? practitioners : [...(fields.practitioner === undefined ? [] : [fields.practitioner]), ...practitioners.slice(1)],
  });
}

function nameTexts(of: HumanName) {
  const hasParts = of.family !== undefined || of.given !== undefined;
  return { use: of.use ?? "", prefix: spaced(of.prefix), given: spaced(of.given), family: of.family ?? "", suffix: spaced(of.suffix), text: hasParts ? "" : (of.text ?? "") };
}

function nameOf(row: NameRow): HumanName[] {
  const { of } = row;
  if (of !== undefined && isUntouched(row, nameTexts(of))) return [of];
  const isNamed = [row.given, row.family, row.text].some((one) => filled(one) !== undefined);
  if (!isNamed) return [];
  return [present({
    ...of, use: filled(row.use) as HumanName["use"], text: filled(row.text), family: filled(row.family),
    given: split(row.given, of?.given), prefix: split(row.prefix, of?.prefix), suffix: split(row.suffix, of?.suffix),
  })];
}

function identifierTexts(of: Identifier) {
  return { kind: codeOf(of.type), value: of.value ?? "", issuer: of.assigner?.display ?? "" };
}

function identifierOf(row: IdentifierRow, kindName: (kind: string) => string): Identifier[] {
  const { of } = row;
  if (of !== undefined && isUntouched(row, identifierTexts(of))) return [of];
  const value = filled(row.value);
  if (value === undefined) return [];
  const isSameKind = of !== undefined && codeOf(of.type) === row.kind;
  return [present({
    ...of,
    use: of?.use ?? (row.kind === "MR" ? "usual" : undefined),
    type: isSameKind || row.kind === "" ? of?.type : identifierType(row.kind, kindName(`identifierKind.${row.kind}`)),
    system: isSameKind ? of.system : systemOf(row.kind),
    value,
    assigner: filled(row.issuer) === of?.assigner?.display ? of?.assigner : filled(row.issuer) === undefined ? undefined : { display: row.issuer.trim() },
  })];
}

function telecomOf(row: TelecomRow): ContactPoint[] {
  const value = filled(row.value);
  if (value === undefined) return [];
  const { of } = row;
  if (of !== undefined && isUntouched(row, { system: of.system ?? "other", use: of.use ?? "", value: of.value ?? "" })) return [of];
  return [present({ ...of, system: row.system as ContactPoint["system"], use: filled(row.use) as ContactPoint["use"], value })];
}

function addressTexts(of: Address) {
  const isWhole = of.line === undefined && of.city === undefined && of.postalCode === undefined;
  return { use: of.use ?? "", lines: (of.line ?? (isWhole && of.text !== undefined ? [of.text] : [])).join("\n"), postalCode: of.postalCode ?? "", city: of.city ?? "", state: of.state ?? "", country: of.country ?? "" };
}

function addressOf(row: AddressRow): Address[] {
  const { of } = row;
  if (of !== undefined && isUntouched(row, addressTexts(of))) return [of];
  if (![row.lines, row.postalCode, row.city, row.country].some((one) => filled(one) !== undefined)) return [];
  const lines = row.lines.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return [present({ ...of, text: undefined, use: filled(row.use) as Address["use"], line: lines, postalCode: filled(row.postalCode), city: filled(row.city), state: filled(row.state), country: filled(row.country) })];
}

function contactTexts(of: PatientContact) {
  const phone = of.telecom?.find((one) => one.system === "phone") ?? of.telecom?.[0];
  return { relationship: codeOf(of.relationship?.[0]), given: spaced(of.name?.given), family: of.name?.family ?? (of.name?.given === undefined ? (of.name?.text ?? "") : ""), phone: phone?.value ?? "" };
}

function contactOf(row: ContactRow, kindName: (kind: string) => string): PatientContact[] {
  const { of } = row;
  if (of !== undefined && isUntouched(row, contactTexts(of))) return [of];
  if (![row.given, row.family, row.phone].some((one) => filled(one) !== undefined)) return [];
  const phone = of?.telecom?.find((one) => one.system === "phone") ?? of?.telecom?.[0];
  const others = of?.telecom?.filter((one) => one !== phone) ?? [];
  const isSameKind = of !== undefined && codeOf(of.relationship?.[0]) === row.relationship;
  return [present({
    ...of,
    relationship: isSameKind || row.relationship === "" ? of?.relationship : [relationship(row.relationship, kindName(`relationship.${row.relationship}`))],
    name: present({ ...of?.name, text: undefined, family: filled(row.family), given: split(row.given, of?.name?.given) }),
    telecom: [...(filled(row.phone) === undefined ? [] : [{ ...phone, system: phone?.system ?? ("phone" as const), value: row.phone.trim() }]), ...others],
  })];
}

export function preferred(all: PatientCommunication[] | undefined): PatientCommunication | undefined {
  return all?.find((one) => one.preferred === true) ?? all?.[0];
}

function languageOf(one: PatientCommunication | undefined): string {
  return codeOf(one?.language);
}

function communicationsOf(code: string, all: PatientCommunication[] = [], spoken: string): PatientCommunication[] {
  const before = preferred(all);
  if (code === languageOf(before)) return all;
  const others = all.filter((one) => one !== before);
  if (code === "") return others;
  return [{ ...before, language: { coding: [{ system: "urn:ietf:bcp:47", code, display: languageName(code, "en") }], text: languageName(code, spoken) }, preferred: true }, ...others];
}

/** A text without blanks around it; undefined when nothing is left. */
export function filled(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : trimmed;
}

function spaced(parts: string[] | undefined): string {
  return (parts ?? []).join(" ");
}

/** Words; those that were read where nothing was changed, as one of them may have a blank in it. */
function split(text: string, before: string[] | undefined): string[] {
  return before !== undefined && text.trim() === spaced(before).trim() ? before : text.split(/\s+/).filter((part) => part !== "");
}

function isUntouched(row: object, texts: object): boolean {
  return Object.entries(texts).every(([name, text]) => (row as Record<string, unknown>)[name] === text);
}

/** Without what is empty: FHIR has no empty texts, lists and objects. */
function present<T extends object>(of: T): T {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => {
    if (value === undefined || value === "") return false;
    if (Array.isArray(value)) return value.length > 0;
    return typeof value !== "object" || value === null || Object.keys(value as object).length > 0;
  })) as T;
}
