import { registerImageLoader } from "@cornerstonejs/core";
import { init, wadors } from "@cornerstonejs/dicom-image-loader";
import type { OperationOutcome } from "fhir/r4";

import { text } from "../../shared/i18n/i18n.ts";
import type { Session } from "../../shared/smart/session.ts";
import { calibrationOf, withSpacing, type Calibration } from "./calibration.ts";
import type { Picture } from "./stacks.ts";

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

type Load = (id: string, options?: object) => { promise: Promise<object>; cancelFn?: () => void };

const UNCOMPRESSED = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';
const MOST_WORKERS = 3;
const LATE_MS = 60_000;
/** Pictures that this browser couldn't decode: the server is asked to. */
const decodedByServer = new Set<string>();
const calibrations = new Map<string, Calibration>();

/** Pictures come by WADO-RS with the token of the session, and are decoded in workers. */
export function startLoading(session: Session): void {
  init({
    maxWebWorkers: Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1)),
    beforeSend: async (_xhr, id) => ({
      Authorization: `Bearer ${await session.token()}`,
      ...(decodedByServer.has(id) ? { Accept: UNCOMPRESSED } : {}),
    }),
  });
  const load = wadors.loadImage as unknown as Load;
  registerImageLoader("wadors", ((id: string, options?: object) => ({ promise: loadPicture(load, session, id, options) })) as never);
}

/** Tells the loader what the pictures of a stack are. */
export function describe(pictures: readonly Picture[]): void {
  for (const picture of pictures) {
    if (calibrations.has(picture.id)) continue;
    calibrations.set(picture.id, calibrationOf(picture.attributes));
    // All frames of an instance are described by its first.
    if (picture.frame === 1) wadors.metaDataManager.add(picture.id, { ...withSpacing(picture.attributes) } as never);
  }
}

/** What lengths in a picture mean. */
export function calibrationOfPicture(id: string): Calibration {
  return calibrations.get(id) ?? "none";
}

/** Some faults of decoders end in silence: nobody waits for ever for a picture. */
async function withinTime(loading: Promise<object>): Promise<object> {
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

async function loadPicture(load: Load, session: Session, id: string, options: object | undefined): Promise<object> {
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
