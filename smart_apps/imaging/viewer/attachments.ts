import type { Attachment } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";

/** Types that a browser shows without running anything of them: not HTML, not SVG. */
const SAFE = new Set(["application/pdf", "text/plain", "image/jpeg", "image/png"]);

export function isSafe(type: string): boolean {
  return SAFE.has(type);
}

/** What an attachment holds, or what it names at this server. */
export async function blobOf({ contentType, data, url }: Attachment, fhir: Fhir): Promise<Blob> {
  const type = contentType?.split(";")[0] ?? "application/octet-stream";
  if (data !== undefined) return new Blob([bytesOf(data)], { type });
  const got = await fhir.bytes(url ?? "", type);
  return new Blob([got], { type });
}

/** Base64 as bytes. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}
