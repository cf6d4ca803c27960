import { unzip, type UnzipFileInfo } from "fflate";

import { headOf, isDicom, type Head } from "./dicomHead.ts";

export type Type = "dicom" | "jpeg" | "png" | "pdf";

/** A file to be sent. */
export interface Chosen {
  key: string;
  name: string;
  type: Type;
  content: Blob;
  head?: Head;
}

/** What was chosen, and what of it isn't an image or document that can be sent. */
export interface Collected {
  files: Chosen[];
  left: { name: string; reason: "type" | "zip" | "size" }[];
}

/** A zip may not grow to more than this. */
const MOST_ZIP_BYTES = 2_000_000_000;
const MIME: Record<Exclude<Type, "dicom">, string> = { jpeg: "image/jpeg", png: "image/png", pdf: "application/pdf" };

/** Files of a drop, those in folders too. */
export async function dropped(items: DataTransferItemList): Promise<File[]> {
  // The list is empty after the first await: entries are taken at once.
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map(filesIn));
  return found.flat();
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    all.push(...some);
  }
  return (await Promise.all(all.map(filesIn))).flat();
}

/** Looks into files: what each is, whose it is; a zip is opened. DICOMDIR and what isn't an image is left. */
export async function collect(files: readonly File[]): Promise<Collected> {
  const found: Collected = { files: [], left: [] };
  for (const file of files) {
    const start = new Uint8Array(await file.slice(0, 132).arrayBuffer());
    if (start[0] === 0x50 && start[1] === 0x4b && start[2] === 3) await open(file, found);
    else await add(file.webkitRelativePath === "" ? file.name : file.webkitRelativePath, file, start, found);
  }
  return found;
}

async function add(name: string, content: Blob, start: Uint8Array, found: Collected): Promise<void> {
  const type = typeOf(start);
  if (type === undefined || /(^|\/)DICOMDIR$/i.test(name)) {
    found.left.push({ name, reason: "type" });
    return;
  }
  const head = type === "dicom" ? await headOf(content) : undefined;
  found.files.push({ key: `${found.files.length} ${name}`, name, type, content: type === "dicom" ? content : new Blob([content], { type: MIME[type] }), head });
}

export function typeOf(start: Uint8Array): Type | undefined {
  const begins = (...bytes: number[]) => bytes.every((one, n) => start[n] === one);
  if (isDicom(start)) return "dicom";
  if (begins(0xff, 0xd8, 0xff)) return "jpeg";
  if (begins(0x89, 0x50, 0x4e, 0x47)) return "png";
  return begins(0x25, 0x50, 0x44, 0x46, 0x2d) ? "pdf" : undefined;
}

async function open(file: File, found: Collected): Promise<void> {
  let size = 0;
  const isWanted = ({ name, originalSize }: UnzipFileInfo) => {
    if (name.endsWith("/") || name.startsWith("__MACOSX/")) return false;
    size += originalSize;
    return size <= MOST_ZIP_BYTES;
  };
  const bytes = new Uint8Array(await file.arrayBuffer());
  const entries = await new Promise<Record<string, Uint8Array> | undefined>((resolve) =>
    unzip(bytes, { filter: isWanted }, (error, data) => resolve(error === null ? data : undefined)));
  if (entries === undefined) {
    found.left.push({ name: file.name, reason: "zip" });
    return;
  }
  if (size > MOST_ZIP_BYTES) {
    found.left.push({ name: file.name, reason: "size" });
    return;
  }
  for (const [name, content] of Object.entries(entries)) {
    const blob = new Blob([content as Uint8Array<ArrayBuffer>]);
    await add(`${file.name}/${name}`, blob, content.subarray(0, 132), found);
  }
}
