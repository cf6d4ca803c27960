import type { Address, ContactPoint, HumanName, Identifier, PatientContact } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { formalName, isolated } from "../../shared/format/people.ts";
import type { T } from "../../shared/i18n/i18n.ts";
import { codeOf, IDENTIFIER_KINDS, languageName, RELATIONSHIPS } from "./kinds.ts";
import type { Part } from "./threeWay.ts";

/** A name with its prefix and suffix: OKAFOR, Ngozi (Dr). */
export function nameWords(name: HumanName): string {
  const more = [...(name.prefix ?? []), ...(name.suffix ?? [])].join(" ");
  return [formalName([{ ...name, use: undefined, period: undefined }]), more === "" ? "" : `(${isolated(more)})`].filter(Boolean).join(" ");
}

export function identifierKind(one: Identifier, t: T): string {
  const code = codeOf(one.type);
  return (IDENTIFIER_KINDS as readonly string[]).includes(code) ? t(`identifierKind.${code}`) : words(one.type) || t("number");
}

export function identifierWords(one: Identifier): string {
  return [one.value ?? "", one.assigner?.display === undefined ? "" : `(${one.assigner.display})`].filter(Boolean).join(" ");
}

export function telecomWords(one: ContactPoint, t: T): string {
  return [isolated(one.value ?? ""), one.use === undefined ? "" : `(${t(`telecomUse.${one.use}`)})`].filter(Boolean).join(" ");
}

export function addressWords(one: Address): string {
  const lines = [...(one.line ?? []), [one.postalCode, one.city].filter(Boolean).join(" "), one.state, one.country];
  return isolated(lines.filter(Boolean).join(", ") || (one.text ?? ""));
}

export function contactWords(one: PatientContact, t: T): string {
  const code = codeOf(one.relationship?.[0]);
  const kind = (RELATIONSHIPS as readonly string[]).includes(code) ? t(`relationship.${code}`) : words(one.relationship?.[0]);
  const ways = (one.telecom ?? []).map((way) => isolated(way.value ?? ""));
  return [one.name === undefined ? "" : formalName([one.name]), kind, ...ways].filter(Boolean).join(" · ");
}

/** What a part of a Patient says, for people. */
export function partWords(part: Part | undefined, t: T, language: string): string {
  if (part === undefined) return t("partNone");
  switch (part.element) {
    case "name": return [nameWords(part.value), part.value.use === undefined ? "" : t(`nameUses.${part.value.use}`)].filter(Boolean).join(" · ");
    case "birthDate": return day(part.value);
    case "gender": return t(`sex.${part.value}`);
    case "identifier": return `${identifierKind(part.value, t)} ${identifierWords(part.value)}`;
    case "telecom": return telecomWords(part.value, t);
    case "address": return addressWords(part.value);
    case "contact": return contactWords(part.value, t);
    case "communication": return languageName(codeOf(part.value.language), language);
    case "generalPractitioner": return part.value.display ?? part.value.reference ?? "";
  }
}
