import { cache, imageLoadPoolManager, init, RenderingEngine, Enums } from "@cornerstonejs/core";

import type { Session } from "../../shared/smart/session.ts";
import { startLoading } from "./loading.ts";
import { startTools } from "./tools.ts";

const ENGINE = "imaging";
const CACHE_BYTES = 700 * 1024 * 1024;
const PHONE_CACHE_BYTES = 200 * 1024 * 1024;
let engine: RenderingEngine | undefined;

/** The one engine of this page; pictures come with the token of this session. */
export function startEngine(session: Session): RenderingEngine {
  if (engine !== undefined) return engine;
  init();
  startLoading(session);
  startTools();
  cache.setMaxCacheSize(matchMedia("(pointer: coarse)").matches ? PHONE_CACHE_BYTES : CACHE_BYTES);
  imageLoadPoolManager.setMaxSimultaneousRequests(Enums.RequestType.Prefetch, 4);
  engine = new RenderingEngine(ENGINE);
  return engine;
}
