import type { Attachment } from "fhir/r4";

import type { Fhir } from "../../shared/fhir/client.ts";

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

/** The bytes of an attachment: those within it, or those at its address. */
export async function bytesOf(fhir: Fhir, attachment: Attachment): Promise<Blob> {
  if (attachment.data !== undefined) return new Blob([fromBase64(attachment.data)], { type: attachment.contentType });
  if (attachment.url === undefined) return new Blob([], { type: attachment.contentType });
  const sent = await fhir.bytes(attachment.url, attachment.contentType?.split(";")[0] ?? "*/*");
  return new Blob([sent], { type: attachment.contentType ?? sent.type });
}

export function fromBase64(data: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(data.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
}

/** UTF-8 text as base64. */
export function toBase64(text: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
