/** Crockford's base 32: no letter that is taken for a digit. */
const SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** As many as DICOM's SH has room for: https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.2.html */
const LENGTH = 16;

/**
 * A new accession number: 80 random bits, so that departments, devices and an app without a network never have to ask each other.
 *
 * Of ten million orders two have the same one with a chance of 1 in 20 billion.
 */
export function accession(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(LENGTH)), (byte) => SIGNS[byte % SIGNS.length]).join("");
}
