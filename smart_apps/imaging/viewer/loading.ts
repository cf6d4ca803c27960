import { registerImageLoader, type Types } from "@cornerstonejs/core";
import { init, wadors } from "@cornerstonejs/dicom-image-loader";
import type { OperationOutcome } from "fhir/r4";

import { text } from "../../shared/i18n/i18n.ts";
import type { Session } from "../../shared/smart/session.ts";
import { calibrationOf, lengthUnit, withSpacing, type Calibration } from "./calibration.ts";
import { text as valueText, type Attributes } from "./dicom.ts";
import type { Picture } from "./stacks.ts";
import { tabled } from "./tabled.ts";

/** A picture couldn't be had or decoded. */
export class PictureError extends Error {
  override name = "PictureError";

  constructor(
    /** HTTP status; 0 when the server wasn't reached, undefined when the picture came and couldn't be decoded. */
    readonly status: number | undefined,
    message: string,
  ) {
    super(message);
  }
}

type Load = (id: string, options?: object) => { promise: Promise<Types.IImage>; cancelFn?: () => void };

const UNCOMPRESSED = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';
const MOST_WORKERS = 3;
const LATE_MS = 60_000;
/** Pictures that this browser couldn't decode: the server is asked to. */
const decodedByServer = new Set<string>();
const described = new Map<string, { picture: Picture; calibration: Calibration }>();

/** Pictures come by WADO-RS with the token of the session, and are decoded in workers. */
export function startLoading(session: Session): void {
  init({
    maxWebWorkers: Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1)),
    beforeSend: async (_xhr, id) => ({
      Authorization: `Bearer ${await session.token()}`,
      ...(decodedByServer.has(id) ? { Accept: UNCOMPRESSED } : {}),
    }),
  });
  const load: Load = wadors.loadImage;
  registerImageLoader("wadors", ((id: string, options?: object) => ({ promise: loadTabled(load, session, id, options) })));
}

/** Tells the loader what the pictures of a stack are. */
export function describe(pictures: readonly Picture[]): void {
  for (const picture of pictures) {
    if (described.has(picture.id)) continue;
    described.set(picture.id, { picture, calibration: calibrationOf(picture.attributes) });
    // All frames of an instance are described by its first.
    if (picture.frame === 1) wadors.metaDataManager.add(picture.id, withModality(withSpacing(picture.attributes)) as never);
  }
}

/** The library can't do without a modality, which old photographs and scans haven't all. */
function withModality(attributes: Attributes): Attributes {
  return valueText(attributes, "00080060") === undefined ? { ...attributes, "00080060": { vr: "CS", Value: ["OT"] } } : { ...attributes };
}

/** What lengths in a picture mean. */
export function calibrationOfPicture(id: string): Calibration {
  return described.get(id)?.calibration ?? "none";
}

/** The unit of a length on a picture; `said` is the library's word for it. */
export function lengthUnitOfPicture(id: string, said: string): "mm" | "cm" | "px" | undefined {
  const found = pictureOf(id);
  return found === undefined ? undefined : lengthUnit(found.attributes, said);
}

/** A picture that has been described, by the name that Cornerstone knows it by. */
export function pictureOf(id: string): Picture | undefined {
  return described.get(id)?.picture;
}

/** Some faults of decoders end in silence: nobody waits for ever for a picture. */
async function withinTime<T>(loading: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PictureError(undefined, text("pictureFailed.late"))), LATE_MS);
  });
  try {
    return await Promise.race([loading, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function loadTabled(load: Load, session: Session, id: string, options: object | undefined): Promise<Types.IImage> {
  const image = await loadPicture(load, session, id, options);
  const picture = pictureOf(id);
  return picture === undefined ? image : tabled(image, picture.attributes);
}

async function loadPicture(load: Load, session: Session, id: string, options: object | undefined): Promise<Types.IImage> {
  try {
    return await withinTime(load(id, options).promise);
  } catch (error) {
    const failure = told(error);
    if (failure.status === 401) await session.renew();
    else if (failure.status === undefined && !decodedByServer.has(id)) decodedByServer.add(id);
    else throw failure;
  }
  try {
    return await withinTime(load(id, options).promise);
  } catch (error) {
    throw told(error);
  }
}

function told(error: unknown): PictureError {
  if (error instanceof PictureError) return error;
  if (error instanceof XMLHttpRequest) return new PictureError(error.status, reasonIn(error));
  return new PictureError(undefined, error instanceof Error ? error.message : String(error));
}

function reasonIn(request: XMLHttpRequest): string {
  try {
    const said = JSON.parse(new TextDecoder().decode(request.response as ArrayBuffer)) as Partial<OperationOutcome>;
    return said.issue?.map((issue) => issue.diagnostics ?? issue.details?.text ?? issue.code).join("; ") ?? "";
  } catch {
    return request.status === 0 ? "" : `HTTP ${request.status}`;
  }
}
