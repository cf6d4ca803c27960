import type { Organization, Reference } from "fhir/r4";

const ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
const NUCC = "http://nucc.org/provider-taxonomy";

/** Who carries out orders of a kind, by the type of an organization: HL7's places of service, SNOMED CT, NUCC's taxonomy. */
const TYPES = {
  pharmacy: [`${ROLE_CODE}|PHARM`, `${ROLE_CODE}|OUTPHARM`, "http://snomed.info/sct|264372000", `${NUCC}|333600000X`, `${NUCC}|3336C0003X`, `${NUCC}|3336I0012X`],
  laboratory: [`${ROLE_CODE}|HLAB`, `${NUCC}|291U00000X`],
  imaging: [`${ROLE_CODE}|RADDX`, `${NUCC}|261QR0200X`],
} as const;

export type Department = keyof typeof TYPES;

/** The search for those of a kind that are in the directory. */
export function departmentSearch(kind: Department): string {
  return `Organization?type=${encodeURIComponent(TYPES[kind].join(","))}&active:not=false&_sort=name&_count=200`;
}

export function addressOf(organization: Organization): string {
  return `Organization/${organization.id ?? ""}`;
}

/** How an order names who carries it out; undefined for an address that isn't among them. */
export function performer(organizations: readonly Organization[], address: string | undefined): Reference | undefined {
  const found = organizations.find((one) => addressOf(one) === address);
  return found === undefined ? undefined : { reference: addressOf(found), display: found.name };
}

/** The hospital's own, if there is one; else the only one there is. */
export function ownOf(organizations: readonly Organization[]): string | undefined {
  const own = organizations.filter((one) => one.partOf !== undefined);
  const [only] = own.length === 0 ? organizations : own;
  return only !== undefined && (own.length === 1 || organizations.length === 1) ? addressOf(only) : undefined;
}
