import type { Where } from "./policies.ts";

export const KINDS = ["own", "self", "care", "unit", "unowned", "refers", "search", "labels", "ids"] as const;
export type Kind = (typeof KINDS)[number];
export const CARE = ["treatment", "unit", "assigned", "break-glass"] as const;
export const TO = ["me", "units", "us"] as const;

/** One condition as a form has it; what its kind doesn't use is empty. */
export interface Part {
  kind: Kind;
  isNot: boolean;
  care: string[];
  /** Reference parameters, labels or ids. */
  list: string[];
  to: (typeof TO)[number];
  text: string;
}

/** Conditions that all hold, or of which one does. */
export interface Conditions {
  join: "all" | "any";
  parts: Part[];
}

export const EMPTY: Part = { kind: "care", isNot: false, care: ["treatment"], list: [], to: "me", text: "" };

/** Which resources a rule is about, for a form; undefined for what is nested too deeply for it. */
export function conditionsOf(where: Where | undefined): Conditions | undefined {
  if (where === undefined || "everything" in where) return { join: "all", parts: [] };
  const join = "any" in where ? "any" : "all";
  const listed = "all" in where ? where.all : "any" in where ? where.any : [where];
  const parts = listed.map((one) => ("not" in one ? partOf(one.not, true) : partOf(one, false)));
  return parts.every((one) => one !== undefined) ? { join, parts } : undefined;
}

function partOf(where: Where, isNot: boolean): Part | undefined {
  const plain = { ...EMPTY, care: [], isNot };
  if ("own" in where) return { ...plain, kind: "own" };
  if ("self" in where) return { ...plain, kind: "self" };
  if ("unit" in where) return { ...plain, kind: "unit" };
  if ("unowned" in where) return { ...plain, kind: "unowned" };
  if ("care" in where) return { ...plain, kind: "care", care: where.care };
  if ("refers" in where) return { ...plain, kind: "refers", list: where.refers, to: where.to ?? "me" };
  if ("search" in where) return { ...plain, kind: "search", text: where.search };
  if ("labels" in where) return { ...plain, kind: "labels", list: where.labels };
  if ("ids" in where) return { ...plain, kind: "ids", list: where.ids };
  return undefined;
}

/** As a rule has it; undefined without any condition: it is about all. */
export function whereOf({ join, parts }: Conditions): Where | undefined {
  const found = parts.map((part) => (part.isNot ? { not: plainOf(part) } : plainOf(part)));
  const [first] = found;
  if (first === undefined || found.length === 1) return first;
  return join === "any" ? { any: found } : { all: found };
}

function plainOf({ kind, care, list, to, text }: Part): Where {
  switch (kind) {
    case "own": return { own: true };
    case "self": return { self: true };
    case "unit": return { unit: true };
    case "unowned": return { unowned: true };
    case "care": return { care };
    case "refers": return { refers: list, to };
    case "search": return { search: text.trim() };
    case "labels": return { labels: list };
    case "ids": return { ids: list };
  }
}

/** Whether a condition says what it has to. */
export function isWhole(part: Part): boolean {
  if (part.kind === "care") return part.care.length > 0;
  if (part.kind === "search") return part.text.trim() !== "";
  return !["refers", "labels", "ids"].includes(part.kind) || part.list.length > 0;
}
