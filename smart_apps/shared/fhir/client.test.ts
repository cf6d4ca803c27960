import { afterEach, expect, it, vi } from "vitest";

import { Session, type Grant } from "../smart/session.ts";
import { Fhir, FhirError, queryOf, Unreachable } from "./client.ts";

const grant: Grant = {
  iss: "http://127.0.0.1:8000/fhir", clientId: "a", accessToken: "old", expiresAt: Date.now() + 3_600_000,
  scope: "user/Patient.rs user/Observation.c", needPatientBanner: true, launched: false,
};

function answering(...answers: (() => Response)[]) {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => {
    asked.push(new Request(input, { ...init, redirect: "follow" }));
    const next = answers.shift();
    if (next === undefined) throw new Error("not expected");
    return Promise.resolve(next());
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

it("sends the token to its own server only", async () => {
  const asked = answering();
  await expect(new Fhir(new Session("a", grant)).send("https://elsewhere.example/Patient/1")).rejects.toThrow("another server");
  expect(asked).toEqual([]);
});

it("updates only the version that was read", async () => {
  const asked = answering(() => Response.json({ resourceType: "Patient" }));
  await new Fhir(new Session("a", grant)).update({ resourceType: "Patient", id: "1", meta: { versionId: "7" } });
  expect(asked[0]?.method).toBe("PUT");
  expect(asked[0]?.headers.get("If-Match")).toBe('W/"7"');
});

it("renews the token once for many requests that are refused", async () => {
  const refreshing = { ...grant, refreshToken: "r" };
  const unauthorized = () => new Response(null, { status: 401 });
  const discovery = () => Response.json({ issuer: grant.iss, authorization_endpoint: "http://127.0.0.1:8000/a", token_endpoint: "http://127.0.0.1:8000/t" });
  const token = () => Response.json({ access_token: "new", token_type: "Bearer", expires_in: 60, scope: "user/Patient.rs" });
  const asked = answering(unauthorized, unauthorized, discovery, token, () => Response.json({ n: 1 }), () => Response.json({ n: 2 }));
  const fhir = new Fhir(new Session("a", refreshing));
  await Promise.all([fhir.operation("Patient/1"), fhir.operation("Patient/2")]);
  expect(asked.filter((request) => request.url.endsWith("/t"))).toHaveLength(1);
  expect(asked.at(-1)?.headers.get("Authorization")).toBe("Bearer new");
});

it("tells a conflict and says what the server said", async () => {
  answering(() => Response.json({ resourceType: "OperationOutcome", issue: [{ severity: "error", code: "conflict", diagnostics: "version 3" }] }, { status: 412 }));
  const error: unknown = await new Fhir(new Session("a", grant)).read("Patient", "1").catch((raised: unknown) => raised);
  expect(error).toBeInstanceOf(FhirError);
  expect((error as FhirError).isConflict).toBe(true);
  expect((error as FhirError).message).toBe("version 3");
});

it("tells a server that can't be reached from one that refuses", async () => {
  answering(() => {
    throw new TypeError("network");
  });
  await expect(new Fhir(new Session("a", grant)).read("Patient", "1")).rejects.toBeInstanceOf(Unreachable);
});

it("knows what was granted", () => {
  const session = new Session("a", grant);
  expect([session.allows("Patient", "s"), session.allows("Patient", "u"), session.allows("Observation", "c")]).toEqual([true, false, true]);
});

it("repeats a parameter for each of its values", () => {
  expect(queryOf({ name: ["a", "b"], _count: 5, birthdate: undefined })).toBe("name=a&name=b&_count=5");
});
