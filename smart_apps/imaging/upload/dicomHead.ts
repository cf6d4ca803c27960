import { Inflate } from "fflate";

/** What a DICOM file says of whose it is; read without its pixels. */
export interface Head {
  study: string;
  instance: string;
  modality?: string;
  description?: string;
  date?: string;
  /** As DICOM writes it: OKAFOR^Ngozi */
  name?: string;
  id?: string;
  born?: string;
  sex?: string;
}

const LOOKED_AT = 256 * 1024;
const DICM = [0x44, 0x49, 0x43, 0x4d];
const IMPLICIT = "1.2.840.10008.1.2";
const DEFLATED = "1.2.840.10008.1.2.1.99";
const BIG_ENDIAN = "1.2.840.10008.1.2.2";
const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const UNDEFINED = 0xffffffff;
const LAST = 0x0020000d;
const WANTED: Record<number, keyof Head | "charset"> = {
  0x00080005: "charset", 0x00080018: "instance", 0x00080020: "date", 0x00080060: "modality", 0x00081030: "description", 0x00100010: "name", 0x00100020: "id",
  0x00100030: "born", 0x00100040: "sex", [LAST]: "study",
};
const PLAIN = new Set(["instance", "study", "date", "born", "sex", "modality", "charset"]);
/** Character sets of DICOM as browsers call them. PS3.3 C.12.1.1.2 */
const CHARSETS: Record<string, string> = {
  "ISO_IR 100": "iso-8859-1", "ISO_IR 101": "iso-8859-2", "ISO_IR 109": "iso-8859-3", "ISO_IR 110": "iso-8859-4", "ISO_IR 144": "iso-8859-5",
  "ISO_IR 127": "iso-8859-6", "ISO_IR 126": "iso-8859-7", "ISO_IR 138": "iso-8859-8", "ISO_IR 148": "windows-1254", "ISO_IR 203": "iso-8859-15", "ISO_IR 13": "shift_jis",
  "ISO_IR 166": "windows-874", "ISO_IR 192": "utf-8", "ISO 2022 IR 87": "iso-2022-jp", "ISO 2022 IR 149": "euc-kr", "ISO 2022 IR 58": "gb2312", GB18030: "gb18030", GBK: "gbk",
};

/** Whether bytes begin as a DICOM file does: a preamble and DICM. PS3.10 7.1 */
export function isDicom(bytes: Uint8Array): boolean {
  return DICM.every((one, n) => bytes[128 + n] === one);
}

/** The head of a DICOM file; undefined when it isn't one, or can't be read. */
export async function headOf(file: Blob): Promise<Head | undefined> {
  const bytes = new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer());
  if (!isDicom(bytes)) return undefined;
  try {
    return read(bytes);
  } catch {
    // Cut off or damaged before what is looked for: the server says so.
    return undefined;
  }
}

function read(bytes: Uint8Array): Head | undefined {
  const meta = new Reader(bytes, 132, true);
  let syntax = "";
  while (meta.at < bytes.length && meta.peekGroup() === 2) {
    const element = meta.next();
    if (element.tag === 0x00020010) syntax = ascii(element.bytes);
  }
  // A dataset in the order of bytes that nothing sends any more: the server reads it.
  if (syntax === BIG_ENDIAN) return undefined;
  const body = syntax === DEFLATED ? inflated(bytes.subarray(meta.at)) : bytes;
  const reader = new Reader(body, syntax === DEFLATED ? 0 : meta.at, syntax !== IMPLICIT);
  const found: Partial<Record<keyof Head | "charset", Uint8Array>> = {};
  while (reader.at + 8 <= body.length) {
    const element = reader.next();
    if (element.tag > LAST) break;
    const name = WANTED[element.tag];
    if (name !== undefined) found[name] = element.bytes;
  }
  const decode = decoder(ascii(found.charset));
  const values = Object.fromEntries(
    Object.entries(found).map(([name, value]) => [name, PLAIN.has(name) ? ascii(value) : decode(value)]).filter(([name, value]) => name !== "charset" && value !== ""),
  ) as unknown as Partial<Head>;
  const { study, instance } = values;
  return study === undefined || instance === undefined ? undefined : { ...values, study, instance };
}

function decoder(charset: string): (bytes: Uint8Array) => string {
  const all = charset.split("\\").map((one) => one.trim());
  const label = all.map((one) => CHARSETS[one] ?? CHARSETS[one.replace("ISO 2022 IR ", "ISO_IR ")]).filter((one) => one !== undefined);
  const text = new TextDecoder(label.at(-1) ?? "utf-8");
  return (bytes) => text.decode(bytes).replaceAll("\0", "").trim();
}

function ascii(bytes: Uint8Array | undefined): string {
  return String.fromCharCode(...(bytes ?? [])).replaceAll("\0", "").trim();
}

/** The beginning of a deflated dataset. */
function inflated(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflate = new Inflate((part) => {
    if (length < LOOKED_AT) parts.push(part);
    length += part.length;
  });
  inflate.push(bytes.subarray(0, LOOKED_AT / 8), false);
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads elements one after the other, and jumps over sequences. PS3.5 7.1 */
class Reader {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    private readonly isExplicit: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  peekGroup(): number {
    return this.view.getUint16(this.at, true);
  }

  next(): { tag: number; bytes: Uint8Array } {
    const tag = this.tag();
    const length = this.length(tag);
    if (length === UNDEFINED) {
      this.skipItems();
      return { tag, bytes: new Uint8Array() };
    }
    const from = this.at;
    this.at += length;
    if (tag <= LAST && WANTED[tag] !== undefined && this.at > this.bytes.length) throw new RangeError("cut off");
    return { tag, bytes: this.bytes.subarray(from, this.at) };
  }

  private tag(): number {
    const tag = this.view.getUint16(this.at, true) * 0x10000 + this.view.getUint16(this.at + 2, true);
    this.at += 4;
    return tag;
  }

  private length(tag: number): number {
    const isItem = tag >= 0xfffe0000 && tag <= 0xfffeffff;
    if (!this.isExplicit || isItem) {
      this.at += 4;
      return this.view.getUint32(this.at - 4, true);
    }
    const vr = String.fromCharCode(this.view.getUint8(this.at), this.view.getUint8(this.at + 1));
    if (LONG.has(vr)) {
      this.at += 8;
      return this.view.getUint32(this.at - 4, true);
    }
    this.at += 4;
    return this.view.getUint16(this.at - 2, true);
  }

  /** A sequence without a length: to its end, sequences within it too. */
  private skipItems(): void {
    let depth = 1;
    while (depth > 0) {
      const tag = this.tag();
      const length = this.length(tag);
      if (tag === 0xfffee0dd) depth -= 1;
      else if (tag === 0xfffee00d || (tag === 0xfffee000 && length === UNDEFINED)) continue;
      else if (length === UNDEFINED) depth += 1;
      else this.at += length;
    }
  }
}
