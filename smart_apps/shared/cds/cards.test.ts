import { afterEach, describe, expect, it, vi } from "vitest";

import { Fhir } from "../fhir/client.ts";
import { Session, type Grant } from "../smart/session.ts";
import { cardsFor, deletedBy, plain, type Card } from "./cards.ts";

const grant: Grant = {
  iss: "http://127.0.0.1:8000/fhir", clientId: "a", accessToken: "t", expiresAt: Date.now() + 3_600_000, scope: "", needPatientBanner: true, launched: false,
};
const card = (indicator: Card["indicator"]): Card => ({ summary: indicator, indicator, source: { label: "s" } });

afterEach(() => vi.unstubAllGlobals());

describe("cards", () => {
  it("are asked for at the server's own service, and come the worst first", async () => {
    const asked: Request[] = [];
    vi.stubGlobal("fetch", (input: string, init: RequestInit) => {
      asked.push(new Request(input, init));
      return Promise.resolve(Response.json({ cards: [card("info"), card("critical"), card("warning")] }));
    });
    const drafts = [{ resourceType: "ServiceRequest" as const, id: "d", status: "draft" as const, intent: "order" as const, subject: {} }];
    const found = await cardsFor(new Fhir(new Session("a", grant)), { service: "examination-select-check", hook: "order-select", patient: "p", user: "Practitioner/1", drafts });
    expect(found.map((one) => one.indicator)).toEqual(["critical", "warning", "info"]);
    expect(asked[0]?.url).toBe("http://127.0.0.1:8000/cds-services/examination-select-check");
    expect(await asked[0]?.json()).toMatchObject({ context: { patientId: "p", selections: ["ServiceRequest/d"], draftOrders: { entry: [{ resource: { id: "d" } }] } } });
  });

  it("may suggest to take a draft out", () => {
    expect(deletedBy({ label: "x", actions: [{ type: "delete", resourceId: "ServiceRequest/d" }, { type: "create" }] })).toEqual(["ServiceRequest/d"]);
  });

  it("are read without the signs of Markdown", () => expect(plain("5 \\* 2 &lt; 11 \\[a\\] &amp;lt;")).toBe("5 * 2 < 11 [a] &lt;"));
});
