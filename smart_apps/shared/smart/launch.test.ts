import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { AppDescription, Config } from "./config.ts";
import { enter } from "./launch.ts";

const app: AppDescription = {
  name: "chart", title: {}, description: {}, icon: "home", client_id: "ours", scope: "openid launch user/Patient.rs", launch: [], roles: [], order: 1,
};
const OWN = "http://127.0.0.1:8000/fhir";
const OTHER = "https://ehr.example/fhir";
const config: Config = {
  issuer: OWN, issuers: [OWN, OTHER], clients: { [OTHER]: { chart: "theirs" } }, push: "", dicomweb: "", version: "", demo: false, apps: [],
};
let gone: string | undefined;

function at(address: string): void {
  gone = undefined;
  const go = (to: string | URL) => (gone = String(to));
  vi.stubGlobal("location", Object.assign(new URL(address), { assign: go, replace: go }));
}

beforeEach(() => {
  sessionStorage.clear();
  vi.stubGlobal("fetch", (url: string) =>
    Promise.resolve(Response.json({ issuer: url.split("/.well-known")[0], authorization_endpoint: "https://ehr.example/authorize", token_endpoint: "https://ehr.example/token" })),
  );
});

afterEach(() => vi.unstubAllGlobals());

it("goes to another system as the client that it is there, whether or not its address ends with a slash", async () => {
  at(`http://127.0.0.1:8000/apps/chart/?iss=${encodeURIComponent(`${OTHER}/`)}&launch=abc`);
  await enter(app, config);
  const asked = new URL(gone ?? "").searchParams;
  expect([asked.get("client_id"), asked.get("launch"), asked.get("aud"), asked.get("code_challenge_method")]).toEqual(["theirs", "abc", OTHER, "S256"]);
  expect((asked.get("state") ?? "").length).toBeGreaterThanOrEqual(22);
});

it("asks for no launch where nobody launched it", async () => {
  at("http://127.0.0.1:8000/apps/chart/patients/1");
  await enter(app, config);
  const asked = new URL(gone ?? "").searchParams;
  expect([asked.get("client_id"), asked.get("scope")]).toEqual(["ours", "openid user/Patient.rs"]);
});

it("refuses a system that it doesn't know", async () => {
  at("http://127.0.0.1:8000/apps/chart/?iss=https://evil.example/fhir&launch=abc");
  await expect(enter(app, config)).rejects.toThrow("foreign");
  expect(gone).toBeUndefined();
});

it("moves to the address that clients are told", async () => {
  at("http://localhost:8000/apps/chart/patients/1?x=2");
  expect(await enter(app, config)).toBeUndefined();
  expect(gone).toBe("http://127.0.0.1:8000/apps/chart/patients/1?x=2");
});

it("takes no answer that it didn't ask for", async () => {
  at("http://127.0.0.1:8000/apps/chart/?code=1&state=2");
  await expect(enter(app, config)).rejects.toThrow("stale");
});
