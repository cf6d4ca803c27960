import type { Coding, FhirResource } from "fhir/r4";

import type { Fhir } from "../fhir/client.ts";
import { language } from "../i18n/i18n.ts";

/** A card of CDS Hooks: https://cds-hooks.hl7.org/2.0/#card-attributes */
export interface Card {
  uuid?: string;
  summary: string;
  detail?: string;
  indicator: "info" | "warning" | "critical";
  source: { label: string; url?: string; topic?: Coding };
  suggestions?: Suggestion[];
}

export interface Suggestion {
  label: string;
  uuid?: string;
  actions?: { type: "create" | "update" | "delete"; description?: string; resourceId?: string }[];
}

/** What is asked: draft orders of a patient, of which some are being selected. */
export interface Question {
  service: string;
  hook: "order-select" | "order-sign";
  patient: string;
  encounter?: string;
  user: string;
  drafts: readonly (FhirResource & { id: string })[];
}

const WORST = ["critical", "warning", "info"];

/** Ask a CDS service of the server: what speaks against drafts, the worst first. https://cds-hooks.hl7.org/2.0/#calling-a-cds-service */
export async function cardsFor(fhir: Fhir, asked: Question): Promise<Card[]> {
  const references = asked.drafts.map((draft) => `${draft.resourceType}/${draft.id}`);
  const body = {
    hook: asked.hook,
    hookInstance: crypto.randomUUID(),
    context: {
      userId: asked.user,
      patientId: asked.patient,
      ...(asked.encounter === undefined ? {} : { encounterId: asked.encounter }),
      draftOrders: { resourceType: "Bundle", type: "collection", entry: asked.drafts.map((resource) => ({ resource })) },
      ...(asked.hook === "order-select" ? { selections: references } : {}),
    },
  };
  const { cards } = await fhir.other<{ cards: Card[] }>(`/cds-services/${asked.service}`, { method: "POST", body, language: language() });
  return [...cards].sort((a, b) => WORST.indexOf(a.indicator) - WORST.indexOf(b.indicator));
}

/** Tell the service what became of a card: https://cds-hooks.hl7.org/2.0/#feedback */
export async function tellOf(fhir: Fhir, service: string, card: Card, suggestion?: Suggestion): Promise<void> {
  if (card.uuid === undefined) return;
  const outcome = suggestion === undefined ? { outcome: "overridden" } : { outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid ?? "" }] };
  await fhir.other(`/cds-services/${service}/feedback`, { method: "POST", body: { feedback: [{ card: card.uuid, ...outcome, outcomeTimestamp: new Date().toISOString() }] } });
}

/** What a suggestion takes out of the drafts: their references. */
export function deletedBy(suggestion: Suggestion): string[] {
  return (suggestion.actions ?? []).filter((action) => action.type === "delete").flatMap((action) => action.resourceId ?? []);
}

const ENTITIES: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** The text of a card without the signs that keep it from being Markdown. */
export function plain(markdown: string): string {
  return markdown.replace(/\\([\\`*_[\]#|!])/g, "$1").replace(/&(?:lt|gt|amp);/g, (found) => ENTITIES[found] ?? found);
}
