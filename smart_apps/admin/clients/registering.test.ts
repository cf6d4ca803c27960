import { expect, it } from "vitest";

import { bodyOf, EMPTY, missingIn } from "./registering.ts";

it("asks of each kind what it needs", () => {
  expect(missingIn(EMPTY)).toEqual(["name", "scope", "redirects"]);
  expect(missingIn({ ...EMPTY, kind: "service", name: "Nightly", scope: "system/*.rs" })).toEqual(["jwksUri"]);
});

it("sends what the kind takes, and nothing of what was typed for another", () => {
  const typed = { ...EMPTY, name: " Growth ", redirects: "https://a.example/back\nhttps://b.example/back ", scope: "openid\n patient/*.rs", jwksUri: "https://a.example/jwks" };
  expect(bodyOf({ ...typed, kind: "symmetric" })).toEqual({ name: "Growth", kind: "symmetric", redirectUris: ["https://a.example/back", "https://b.example/back"], scope: "openid patient/*.rs", isTrusted: false });
  expect(bodyOf({ ...typed, kind: "service" })).toEqual({ name: "Growth", isService: true, scope: "openid patient/*.rs", jwksUri: "https://a.example/jwks" });
});
