import type { DetectedIssue, MedicationRequest, Parameters } from "fhir/r4";

import { words } from "../../shared/format/codes.ts";

export interface Checked {
  findings: DetectedIssue[];
  /** What couldn't be checked, in words. */
  unchecked: string[];
}

const ORDER = { high: 0, moderate: 1, low: 2 } as const;

/** What `$check` and `$medication-summary` say, the most severe first. */
export function checkedIn(answer: Parameters): Checked {
  const parts = answer.parameter ?? [];
  const findings = parts
    .map((part) => part.resource)
    .filter((resource): resource is DetectedIssue => resource?.resourceType === "DetectedIssue")
    .sort((a, b) => ORDER[a.severity ?? "low"] - ORDER[b.severity ?? "low"]);
  const unchecked = parts
    .filter((part) => part.name === "unchecked")
    .map((part) => part.valueString ?? (part.part ?? []).map((one) => one.valueString ?? one.valueReference?.display ?? words(one.valueCodeableConcept)).filter(Boolean).join(": "));
  return { findings, unchecked };
}

/** Whether a prescription may be signed: each finding of high severity has a reason. */
export function unanswered(findings: readonly DetectedIssue[], reasons: Record<number, string>): number[] {
  return findings.flatMap((finding, n) => (finding.severity === "high" && (reasons[n] ?? "").trim() === "" ? [n] : []));
}

/** The prescription with the findings that were overridden, and why, inside it. */
export function withReasons(request: MedicationRequest, findings: readonly DetectedIssue[], reasons: Record<number, string>, author: string | undefined): MedicationRequest {
  const answered = findings.flatMap((finding, n) => {
    const reason = (reasons[n] ?? "").trim();
    if (reason === "") return [];
    return [{ ...finding, meta: undefined, id: `finding${n + 1}`, mitigation: [{ action: { text: reason }, author: author === undefined ? undefined : { reference: author } }] }];
  });
  if (answered.length === 0) return request;
  return { ...request, contained: answered, detectedIssue: answered.map((one) => ({ reference: `#${one.id}` })) };
}
