import { FhirError, type Fhir } from "../../shared/fhir/client.ts";
import { items, number, text, type Attributes } from "../viewer/dicom.ts";
import type { Chosen } from "./collect.ts";

/** What became of a file. */
export type Outcome = { kind: "stored"; study?: string } | { kind: "refused"; reason: string } | { kind: "failed"; error: unknown };

const BATCH_BYTES = 16_000_000;
const BATCH_FILES = 50;
const REASONS: Record<number, string> = { 0xa700: "room", 0xa900: "study", 0xc000: "unreadable", 0x0111: "duplicate", 0x0124: "hidden" };

/** Files in lots that one request takes; one whose UID couldn't be read goes alone, since answers name instances by it. */
export function batches(files: readonly Chosen[]): Chosen[][] {
  const made: Chosen[][] = [];
  let size = 0;
  for (const file of files) {
    const last = made.at(-1);
    const isAlone = file.head === undefined || last?.[0]?.head === undefined;
    if (last === undefined || isAlone || last.length >= BATCH_FILES || size + file.content.size > BATCH_BYTES) {
      made.push([file]);
      size = file.content.size;
    } else {
      last.push(file);
      size += file.content.size;
    }
  }
  return made;
}

/** Stores DICOM files (STOW-RS, PS3.18 10.5), and says of each what became of it. */
export async function store(fhir: Fhir, dicomweb: string, files: readonly Chosen[]): Promise<Map<string, Outcome>> {
  const boundary = crypto.randomUUID();
  const body = new Blob([
    ...files.flatMap((file) => [`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`, file.content, "\r\n"]),
    `--${boundary}--\r\n`,
  ]);
  try {
    const answer = await fhir.send(`${dicomweb}/studies`, {
      method: "POST",
      body,
      headers: { "Content-Type": `multipart/related; type="application/dicom"; boundary=${boundary}`, Accept: "application/dicom+json" },
      accept: [409],
    });
    return outcomes(files, (await answer.json()) as Attributes);
  } catch (error) {
    if (files.length > 1 && error instanceof FhirError && error.status < 500 && error.status !== 403) {
      // One of them spoils the lot: each for itself, so that the others are kept.
      const each = await Promise.all(files.map((file) => store(fhir, dicomweb, [file])));
      return new Map(each.flatMap((one) => [...one]));
    }
    return new Map(files.map((file) => [file.key, { kind: "failed", error }]));
  }
}

/** The answer by file: it names instances, by their UIDs. */
export function outcomes(files: readonly Chosen[], answer: Attributes): Map<string, Outcome> {
  const stored = new Map(items(answer, "00081199").map((one) => [text(one, "00081155"), text(one, "00081190")]));
  const refused = new Map(items(answer, "00081198").map((one) => [text(one, "00081155"), number(one, "00081197")]));
  const isSome = stored.size > 0 || refused.size > 0;
  return new Map(
    files.map((file): [string, Outcome] => {
      const uid = file.head?.instance;
      const url = stored.get(uid);
      if (stored.has(uid)) return [file.key, { kind: "stored", study: studyIn(url) }];
      if (refused.has(uid)) return [file.key, { kind: "refused", reason: REASONS[refused.get(uid) ?? 0] ?? "other" }];
      if (uid === undefined && files.length === 1 && isSome) {
        const [only] = stored.values();
        return [file.key, stored.size > 0 ? { kind: "stored", study: studyIn(only) } : { kind: "refused", reason: REASONS[[...refused.values()][0] ?? 0] ?? "other" }];
      }
      return [file.key, { kind: "refused", reason: "unreadable" }];
    }),
  );
}

function studyIn(url: string | undefined): string | undefined {
  return /\/studies\/([0-9.]+)/.exec(url ?? "")?.[1];
}
