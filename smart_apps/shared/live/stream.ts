import { SignedOut, type Session } from "../smart/session.ts";

/** A version that was written: fhirserver's docs/integrator/live-updates.md. */
export interface Change {
  type: string;
  id: string;
  version: string;
  method: string;
}

export interface Listener {
  onChange: (change: Change) => void;
  /** Too much was missed: read anew. */
  onReset: () => void;
  onState: (isLive: boolean) => void;
}

const WAITS_MS = [500, 1_000, 2_000, 5_000, 15_000, 30_000];
/** Two of the pings that come every 15 seconds. */
const SILENCE_MS = 35_000;

/** Hear of changes until `signal` ends it; comes back by itself, from where it stopped. */
export async function listen(address: string, types: readonly string[], session: Session, to: Listener, signal: AbortSignal): Promise<void> {
  let last: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener("abort", stop);
    try {
      const url = new URL(address, location.origin);
      url.searchParams.set("_type", types.join(","));
      const headers: Record<string, string> = { Authorization: `Bearer ${await session.token()}` };
      if (last !== undefined) headers["Last-Event-ID"] = last;
      const answer = await fetch(url, { headers, signal: attempt.signal, cache: "no-store" });
      if (!answer.ok || answer.body === null) throw new Error(String(answer.status));
      for await (const event of events(answer.body, () => attempt.abort())) {
        if (event.id !== undefined) last = event.id;
        if (event.name === "ready") {
          failures = 0;
          to.onState(true);
        } else if (event.name === "change") to.onChange(JSON.parse(event.data) as Change);
        else if (event.name === "reset") {
          last = undefined;
          to.onReset();
        } else if (event.name === "end") break;
      }
    } catch (error) {
      if (error instanceof SignedOut) {
        to.onState(false);
        await new Promise<void>((go) => session.onChange((isSignedIn) => isSignedIn && go()));
      }
    } finally {
      attempt.abort();
      signal.removeEventListener("abort", stop);
    }
    if (failures > 0) to.onState(false);
    const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 30_000;
    failures += 1;
    await new Promise((go) => setTimeout(go, wait));
  }
}

interface Told {
  name: string;
  id?: string;
  data: string;
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export async function* events(body: ReadableStream<Uint8Array>, onSilence: () => void): AsyncGenerator<Told> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const silence = setTimeout(onSilence, SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const told: Told = { name: "message", data: "" };
        for (const line of block.split("\n")) {
          const colon = line.indexOf(":");
          if (colon <= 0) continue;
          const field = line.slice(0, colon);
          const text = line.slice(colon + 1).replace(/^ /, "");
          if (field === "event") told.name = text;
          else if (field === "id") told.id = text;
          else if (field === "data") told.data += told.data === "" ? text : `\n${text}`;
        }
        if (told.data !== "" || told.name !== "message") yield told;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
