import type { Endpoint, Extension } from "fhir/r4";

/** What a system is to us: it sends HL7 v2 messages, is sent them, or speaks DICOM. docs/integrator: hl7v2.md (Partners), dicom.md. */
export const KINDS = ["sender", "receiver", "peer"] as const;
export type Kind = (typeof KINDS)[number];

type Value = "valueString" | "valueCode" | "valueUri" | "valueCanonical" | "valuePositiveInt";

export interface Member {
  url: string;
  /** How the value is written; of a pair both, by their names. */
  as: Value | readonly [readonly [string, Value], readonly [string, Value]];
  isList?: boolean;
  choices?: readonly string[];
  /** What an entry of this kind hardly ever does without; the others are behind. */
  isMain?: boolean;
  isRequired?: boolean;
  hint?: string;
}

const AUTHORITY = [["name", "valueString"], ["system", "valueUri"]] as const;

export const MEMBERS: Readonly<Record<Kind, readonly Member[]>> = {
  sender: [
    { url: "application", as: "valueString", isMain: true, isRequired: true, hint: "LAB" },
    { url: "facility", as: "valueString", isMain: true, hint: "WEST" },
    { url: "address", as: "valueString", isList: true, isMain: true, hint: "10.1.0.0/16" },
    { url: "authority", as: AUTHORITY, isList: true, isMain: true, hint: "WEST https://west.example/mrn" },
    { url: "time-zone", as: "valueCode", hint: "Europe/Berlin" },
    { url: "certificate", as: "valueString", isList: true },
    { url: "client", as: "valueString", isList: true },
    { url: "charset", as: "valueCode", hint: "8859/1" },
    { url: "processing-id", as: "valueCode", isList: true, choices: ["P", "T", "D"] },
    { url: "snapshot", as: "valueCode", isList: true, choices: ["AL1", "IAM", "NK1", "IN1", "DG1", "PR1"] },
    { url: "overlay", as: "valueString", isList: true },
    { url: "clearance", as: "valueCode", isList: true },
  ],
  receiver: [
    { url: "application", as: "valueString", isMain: true, hint: "LIS" },
    { url: "facility", as: "valueString", isMain: true, hint: "WEST" },
    { url: "event", as: "valueCode", isList: true, isMain: true, hint: "ADT^A08" },
    { url: "after-rejection", as: "valueCode", isMain: true, choices: ["skip", "stop"] },
    { url: "version", as: "valueCode", hint: "2.5.1" },
    { url: "sending-application", as: "valueString", hint: "FHIRSERVER" },
    { url: "sending-facility", as: "valueString" },
    { url: "acknowledgement", as: "valueCode", choices: ["original", "enhanced"] },
    { url: "timeout-seconds", as: "valuePositiveInt", hint: "30" },
    { url: "processing-id", as: "valueCode", choices: ["P", "T", "D"] },
    { url: "time-zone", as: "valueCode", hint: "Europe/Berlin" },
    { url: "charset", as: "valueCode", hint: "UNICODE UTF-8" },
    { url: "delimiters", as: "valueString", hint: "|^~\\&" },
    { url: "certificate", as: "valueString" },
    { url: "code-map", as: [["system", "valueUri"], ["map", "valueCanonical"]], isList: true, hint: "http://loinc.org https://west.example/ConceptMap/lab" },
    { url: "overlay", as: "valueString", isList: true },
    { url: "clearance", as: "valueCode", isList: true },
  ],
  peer: [
    { url: "ae-title", as: "valueString", isMain: true, isRequired: true, hint: "CT1" },
    { url: "address", as: "valueString", isList: true, isMain: true, hint: "10.1.2.3" },
    { url: "may", as: "valueCode", isList: true, isMain: true, choices: ["store", "commit", "find", "move", "get", "worklist", "mpps"] },
    { url: "patient-system", as: "valueUri", isMain: true, hint: "https://hospital.example/mrn" },
    { url: "sees", as: "valueCode", choices: ["none", "sent", "all"] },
    { url: "issuer", as: AUTHORITY, isList: true, hint: "WEST https://west.example/mrn" },
    { url: "accession-system", as: "valueUri" },
    { url: "certificate", as: "valueString", isList: true },
    { url: "time-zone", as: "valueString", hint: "Europe/Berlin" },
    { url: "charset", as: "valueString" },
    { url: "clearance", as: "valueCode", isList: true },
  ],
};

const BASE = "https://fhirserver.example/StructureDefinition";
const URLS: Readonly<Record<Kind, string>> = { sender: `${BASE}/hl7v2-sender`, receiver: `${BASE}/hl7v2-receiver`, peer: `${BASE}/dicom-peer` };
const PROFILE = `${BASE}/hl7v2-partner`;
const HL7V2 = { system: "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", code: "hl7v2-mllp" };
const DIMSE = { system: "https://fhirserver.example/CodeSystem/endpoint-connection-type", code: "dicom-dimse" };
const SCHEMES: Readonly<Record<Kind, RegExp>> = { sender: /^mllps?:\/\/[^\s/]+$/, receiver: /^mllps?:\/\/[^\s/:]+:\d+$/, peer: /^dicoms?:(?:\/\/[^\s/:]+:\d+)?$/ };

/** An entry as a form has it: each member as texts, a pair as "NAME SYSTEM". */
export interface Entry {
  name: string;
  address: string;
  isOn: boolean;
  values: Record<string, string[]>;
}

/** What an Endpoint is to us; several, where it sends and is sent. */
export function kindsOf(endpoint: Endpoint): Kind[] {
  return KINDS.filter((kind) => extensionOf(endpoint, kind) !== undefined);
}

function extensionOf(endpoint: Endpoint, kind: Kind): Extension | undefined {
  return endpoint.extension?.find((one) => one.url === URLS[kind]);
}

export function entryOf(endpoint: Endpoint | undefined, kind: Kind): Entry {
  const held = endpoint === undefined ? undefined : extensionOf(endpoint, kind);
  return {
    name: endpoint?.name ?? "",
    address: endpoint?.address ?? (kind === "peer" ? "dicom:" : "mllp://"),
    isOn: endpoint === undefined || ["active", "test"].includes(endpoint.status),
    values: Object.fromEntries(MEMBERS[kind].map((member) => [member.url, (held?.extension ?? []).filter((one) => one.url === member.url).map((one) => textOf(one, member))])),
  };
}

function textOf(extension: Extension, { as }: Member): string {
  if (typeof as === "string") return String(extension[as] ?? "");
  return as.map(([url, value]) => extension.extension?.find((one) => one.url === url)?.[value] ?? "").filter((one) => one !== "").join(" ");
}

/** What has to be mended: "name", "address", or the names of members. */
export function problemsOf({ name, address, values }: Entry, kind: Kind): string[] {
  return [
    ...(name.trim() === "" ? ["name"] : []),
    ...(SCHEMES[kind].test(address.trim()) ? [] : ["address"]),
    ...MEMBERS[kind].filter((member) => {
      const given = (values[member.url] ?? []).map((one) => one.trim()).filter((one) => one !== "");
      // A sender without a name of its own is known by its certificate.
      if (member.isRequired === true && given.length === 0) return kind !== "sender" || (values.certificate ?? []).length === 0;
      if (member.as === "valuePositiveInt") return given.some((one) => !/^[1-9]\d{0,5}$/.test(one));
      return typeof member.as === "string" ? false : given.some((one) => one.split(/\s+/).length > 2 || !/[:/]/.test(one.split(/\s+/).at(-1) ?? ""));
    }).map((member) => `member ${member.url}`),
  ];
}

/** The Endpoint of an entry; what the form doesn't know of stays as it was. */
export function endpointOf(before: Endpoint | undefined, kind: Kind, { name, address, isOn, values }: Entry): Endpoint {
  const held = before === undefined ? undefined : extensionOf(before, kind);
  const known = new Set(MEMBERS[kind].map((member) => member.url));
  const made: Extension = {
    url: URLS[kind],
    extension: [
      ...MEMBERS[kind].flatMap((member) => (values[member.url] ?? []).map((one) => one.trim()).filter((one) => one !== "").map((one) => extensionFrom(one, member))),
      ...(held?.extension ?? []).filter((one) => !known.has(one.url)),
    ],
  };
  const profile = kind === "peer" ? before?.meta?.profile : [...new Set([...(before?.meta?.profile ?? []), PROFILE])];
  return {
    ...before,
    resourceType: "Endpoint",
    ...(profile === undefined ? {} : { meta: { ...before?.meta, profile } }),
    status: isOn ? (before?.status === "test" ? "test" : "active") : "off",
    name: name.trim(),
    connectionType: before?.connectionType ?? (kind === "peer" ? DIMSE : HL7V2),
    payloadType: before?.payloadType ?? [{ text: kind === "peer" ? "DICOM" : "HL7 v2" }],
    address: address.trim(),
    extension: [...(before?.extension ?? []).filter((one) => one.url !== URLS[kind]), made],
  };
}

function extensionFrom(text: string, { url, as }: Member): Extension {
  if (as === "valuePositiveInt") return { url, valuePositiveInt: Number(text) };
  if (typeof as === "string") return { url, [as]: text };
  const words = text.split(/\s+/);
  // The last word is the address of a system; the name before it may be missing.
  const last = words.pop() ?? "";
  const [[first, firstAs], [second, secondAs]] = as;
  return { url, extension: [...(words.length === 0 ? [] : [{ url: first, [firstAs]: words.join(" ") }]), { url: second, [secondAs]: last }] };
}
