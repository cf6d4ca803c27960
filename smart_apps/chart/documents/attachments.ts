import type { Attachment } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";
import { fromBase64 } from "../../shared/format/base64.ts";

export type AttachmentKind = "text" | "image" | "pdf" | "ccda" | "other";

/** How a content is shown. Markup that could act (HTML, SVG) is only ever downloaded. */
export function kindOf(contentType: string | undefined): AttachmentKind {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type === "text/plain") return "text";
  if (type === "application/pdf") return "pdf";
  if (type === "image/jpeg" || type === "image/png" || type === "image/gif" || type === "image/webp") return "image";
  if (type === "text/xml" || type === "application/xml" || type === "application/hl7-cda+xml" || type === "application/hl7-sda+xml") return "ccda";
  return "other";
}

/**
 * Whether a file begins as its kind does: a name says little of what is in it.
 *
 * https://www.rfc-editor.org/rfc/rfc8118 (PDF), https://www.w3.org/TR/png-3/#5PNG-file-signature, https://www.rfc-editor.org/rfc/rfc9649 (WebP)
 */
export async function isGenuine(file: Blob): Promise<boolean> {
  const kind = kindOf(file.type);
  const first = new Uint8Array(await file.slice(0, 1_024).arrayBuffer());
  const text = String.fromCharCode(...first);
  if (kind === "pdf") return text.includes("%PDF-");
  if (kind === "text") return !first.includes(0);
  if (kind === "ccda") return text.replace(/^\u00ef\u00bb\u00bf/, "").trimStart().startsWith("<") || text.startsWith("\u00ff\u00fe") || text.startsWith("\u00fe\u00ff");
  if (file.type === "image/jpeg") return text.startsWith("\u00ff\u00d8\u00ff");
  if (file.type === "image/png") return text.startsWith("\u0089PNG\r\n");
  if (file.type === "image/gif") return text.startsWith("GIF8");
  if (file.type === "image/webp") return text.startsWith("RIFF") && text.slice(8, 12) === "WEBP";
  return false;
}

/** The bytes of an attachment: those within it, or those at its address. */
export async function bytesOf(fhir: Fhir, attachment: Attachment): Promise<Blob> {
  if (attachment.data !== undefined) return new Blob([fromBase64(attachment.data)], { type: attachment.contentType });
  if (attachment.url === undefined) return new Blob([], { type: attachment.contentType });
  const sent = await fhir.bytes(attachment.url, attachment.contentType?.split(";")[0] ?? "*/*");
  return new Blob([sent], { type: attachment.contentType ?? sent.type });
}
