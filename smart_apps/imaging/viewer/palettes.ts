import type { Fhir } from "../../shared/fhir/client.ts";
import { bytesOf } from "./attachments.ts";
import { numbers, text, type Attributes, type Value } from "./dicom.ts";

const TABLES = [["00281101", "00281201"], ["00281102", "00281202"], ["00281103", "00281203"]] as const;

/** Instances with the tables of their palettes as numbers: metadata has them elsewhere, as bulk data. PS3.3 C.7.6.3.1.6 */
export function withPalettes(fhir: Fhir, instances: readonly Attributes[]): Promise<Attributes[]> {
  return Promise.all(instances.map(async (one) => (text(one, "00280004") === "PALETTE COLOR" ? await withTables(fhir, one) : one)));
}

async function withTables(fhir: Fhir, instance: Attributes): Promise<Attributes> {
  const read = await Promise.all(TABLES.map(async ([descriptor, table]): Promise<[string, Value | undefined]> => {
    const value = instance[table];
    if (value === undefined || value.Value !== undefined) return [table, value];
    const bytes = await bytesIn(fhir, value);
    return [table, { vr: "OW", Value: entries(bytes, numbers(instance, descriptor, 3)) }];
  }));
  return { ...instance, ...Object.fromEntries(read) };
}

async function bytesIn(fhir: Fhir, { InlineBinary: inline, BulkDataURI: address }: Value): Promise<Uint8Array> {
  if (inline !== undefined) return bytesOf(inline);
  if (address === undefined) return new Uint8Array();
  return new Uint8Array(await (await fhir.bytes(address, "application/octet-stream")).arrayBuffer());
}

/** The entries of a table: of 16 bits, or of 8 bits, two in a word. */
export function entries(bytes: Uint8Array, descriptor: readonly number[] | undefined): number[] {
  const count = descriptor?.[0] === 0 ? 65_536 : (descriptor?.[0] ?? 0);
  if (bytes.length < count * 2) return [...bytes];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 2) }, (_, n) => view.getUint16(n * 2, true));
}
