import { expect, it } from "vitest";

import { events } from "./stream.ts";

function body(...parts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(to) {
      for (const part of parts) to.enqueue(new TextEncoder().encode(part));
      to.close();
    },
  });
}

it("puts together what comes in pieces, and passes over pings", async () => {
  const told = [];
  for await (const event of events(body("event: ready\nid: 1\ndata: {}\n\n: still here\n\nevent: cha", 'nge\nid: 2\ndata: {"type":"Task"}\n\n'), () => undefined)) told.push(event);
  expect(told).toEqual([
    { name: "ready", id: "1", data: "{}" },
    { name: "change", id: "2", data: '{"type":"Task"}' },
  ]);
});
