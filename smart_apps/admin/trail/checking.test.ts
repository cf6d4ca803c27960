import { expect, it, vi } from "vitest";

import { FhirError, type Fhir } from "../../shared/fhir/client.ts";
import { check, type Part, type Progress } from "./checking.ts";

function server(...answers: (Part | Error)[]) {
  const other = vi.fn<(address: string) => Promise<Part>>(() => {
    const next = answers.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next as Part);
  });
  return { fhir: { other } as unknown as Fhir, other };
}

const part = (first: number, last: number, finding: Part["finding"] = null): Part => ({ checked: last - first + 1, first, last, end: 30, finding });

it("goes on until the end, and waits where it has to", async () => {
  const { fhir, other } = server(part(1, 10), new FhirError(429), part(11, 20), part(21, 30));
  const told: Progress[] = [];
  await check(fhir, (progress) => told.push(progress), new AbortController().signal, 0);
  expect(other.mock.calls.map(([address]) => address)).toEqual([0, 10, 10, 20].map((after) => `/admin/audit/seals?after=${after}`));
  expect(told.map((one) => [one.checked, one.isDone])).toEqual([[10, false], [20, false], [30, true]]);
  expect(told.at(-1)).toMatchObject({ first: 1, last: 30, finding: undefined });
});

it("stops at what is wrong, and where it is told to", async () => {
  const finding = { trouble: "changed", seq: 12, event: "e", text: "the event is not as it was sealed" } as const;
  const wrong = server(part(1, 10), part(11, 12, finding));
  const told: Progress[] = [];
  await check(wrong.fhir, (progress) => told.push(progress), new AbortController().signal);
  expect(told.at(-1)).toMatchObject({ finding, isDone: true });

  const stop = new AbortController();
  const long = server(part(1, 10), part(11, 20));
  await check(long.fhir, () => stop.abort(), stop.signal);
  expect(long.other).toHaveBeenCalledTimes(1);
});

it("ends where nothing goes on, and says what the server refused", async () => {
  const none = server({ checked: 0, first: 1, last: 0, end: 0, finding: null });
  const told: Progress[] = [];
  await check(none.fhir, (progress) => told.push(progress), new AbortController().signal);
  expect(told).toEqual([{ checked: 0, first: 1, last: 0, end: 0, finding: undefined, isDone: true }]);
  await expect(check(server(new FhirError(403)).fhir, () => undefined, new AbortController().signal)).rejects.toThrow();
});
