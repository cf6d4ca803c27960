import type { Attachment } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";
import { fromBase64 } from "../../shared/format/base64.ts";

/** Types that a browser shows without running anything of them: not HTML, not SVG. */
const SAFE = new Set(["application/pdf", "text/plain", "image/jpeg", "image/png"]);

export function isSafe(type: string): boolean {
  return SAFE.has(type);
}

/** What an attachment holds, or what it names at this server. */
export async function blobOf({ contentType, data, url }: Attachment, fhir: Fhir): Promise<Blob> {
  const type = contentType?.split(";")[0] ?? "application/octet-stream";
  if (data !== undefined) return new Blob([fromBase64(data)], { type });
  const got = await fhir.bytes(url ?? "", type);
  return new Blob([got], { type });
}
