import type { Fhir } from "../../shared/fhir/client.ts";
import { fromBase64 } from "../../shared/format/base64.ts";
import { items, numbers, text, type Attributes, type Value } from "./dicom.ts";

/** A lookup table: what stands for the value `first`, for the next one, and so on. PS3.3 C.11.1.1 */
export interface Table {
  first: number;
  entries: ArrayLike<number>;
  /** Bits of an entry. */
  bits: number;
}

const MODALITY_TABLES = "00283000";
const VOI_TABLES = "00283010";
const DESCRIPTOR = "00283002";
const DATA = "00283006";
const PALETTE = [["00281101", "00281201"], ["00281102", "00281202"], ["00281103", "00281203"]] as const;
/** Of these the modality's table isn't for display. PS3.3 C.11.1 */
const NOT_FOR_DISPLAY = new Set(["1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"]);
/** Numbers that mean something of their own: they are never changed to look better. */
const MEASURED = new Set(["CT", "MR", "PT", "NM", "RTDOSE"]);

/** Instances with their tables as numbers: metadata has larger ones elsewhere, as bulk data. */
export function withTables(fhir: Fhir, instances: readonly Attributes[]): Promise<Attributes[]> {
  return Promise.all(instances.map(async (one) => {
    const colours = text(one, "00280004") === "PALETTE COLOR" ? await fetched(fhir, one, PALETTE) : one;
    return await inSequences(fhir, colours);
  }));
}

async function inSequences(fhir: Fhir, instance: Attributes): Promise<Attributes> {
  const made = { ...instance };
  for (const tag of [MODALITY_TABLES, VOI_TABLES]) {
    const found = items(instance, tag);
    if (found.length > 0) made[tag] = { vr: "SQ", Value: await Promise.all(found.map((one) => fetched(fhir, one, [[DESCRIPTOR, DATA]]))) };
  }
  return made;
}

async function fetched(fhir: Fhir, of: Attributes, tables: readonly (readonly [string, string])[]): Promise<Attributes> {
  const read = await Promise.all(tables.map(async ([descriptor, table]): Promise<[string, Value | undefined]> => {
    const value = of[table];
    if (value === undefined || value.Value !== undefined) return [table, value];
    return [table, { vr: "OW", Value: entries(await bytesIn(fhir, value), numbers(of, descriptor, 3)) }];
  }));
  return { ...of, ...Object.fromEntries(read) };
}

async function bytesIn(fhir: Fhir, { InlineBinary: inline, BulkDataURI: address }: Value): Promise<Uint8Array> {
  if (inline !== undefined) return fromBase64(inline);
  if (address === undefined) return new Uint8Array();
  return new Uint8Array(await (await fhir.bytes(address, "application/octet-stream")).arrayBuffer());
}

/** The entries of a table: of 16 bits, or of 8 bits, two in a word. */
export function entries(bytes: Uint8Array, descriptor: readonly number[] | undefined): number[] {
  const count = countIn(descriptor);
  if (bytes.length < count * 2) return [...bytes];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 2) }, (_, n) => view.getUint16(n * 2, true));
}

function countIn(descriptor: readonly number[] | undefined): number {
  return descriptor?.[0] === 0 ? 65_536 : (descriptor?.[0] ?? 0);
}

/** The table that makes stored values those of the modality, in place of slope and intercept. */
export function modalityTable(image: Attributes): Table | undefined {
  return NOT_FOR_DISPLAY.has(text(image, "00080016") ?? "") ? undefined : tableIn(image, MODALITY_TABLES);
}

/** The table that a picture is to be looked at through, where it has no window. */
export function voiTable(image: Attributes): Table | undefined {
  const hasWindow = numbers(image, "00281050") !== undefined && (image["00281050"]?.Value ?? []).length > 0;
  return hasWindow || MEASURED.has(text(image, "00080060") ?? "") ? undefined : tableIn(image, VOI_TABLES);
}

function tableIn(image: Attributes, sequence: string): Table | undefined {
  const [item = {}] = items(image, sequence);
  const [descriptor, data] = [numbers(item, DESCRIPTOR, 3), numbers(item, DATA)];
  const [, first = 0, bits = 16] = descriptor ?? [];
  return descriptor === undefined || data === undefined || data.length === 0 ? undefined : { first, entries: data, bits };
}

/** Values through a table: what lies outside of it is as its nearest end. */
export function through({ first, entries: table }: Table, values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const last = table.length - 1;
  const made = new Uint16Array(values.length);
  for (let n = 0; n < made.length; n++) made[n] = table[Math.min(last, Math.max(0, Math.round((values[n] ?? 0) - first)))] ?? 0;
  return made;
}
