import type { Bundle, Task } from "fhir/r4";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { codeIn } from "../shared/format/codes.ts";
import { ALERT, stateOf } from "./alerts.ts";

export type What = "asked" | "passedOn" | "rejected" | "handed" | "taken" | "done" | "withdrawn" | "unanswered" | "changed";

/** One thing that happened to a task. */
export interface Step {
  at: string;
  what: What;
  /** Reference to who has it after this. */
  owner?: string;
  /** A code of what was done. */
  action?: string;
  text?: string;
}

/** What happened to a task, the oldest first, from its versions. */
export function stepsOf(history: Bundle | undefined): Step[] {
  const versions = resourcesOf<Task>(history, "Task").sort((a, b) => Number(a.meta?.versionId) - Number(b.meta?.versionId));
  return versions.map((version, n) => {
    const before = versions[n - 1];
    const what = whatOf(before, version);
    return {
      at: version.lastModified ?? version.meta?.lastUpdated ?? "",
      what,
      owner: version.owner?.reference,
      action: (version.output?.length ?? 0) > (before?.output?.length ?? 0) ? codeIn(version.output?.at(-1)?.valueCodeableConcept, ALERT) : undefined,
      text: (version.note?.length ?? 0) > (before?.note?.length ?? 0) ? version.note?.at(-1)?.text : what === "withdrawn" ? version.statusReason?.text : undefined,
    };
  });
}

function whatOf(before: Task | undefined, after: Task): What {
  const state = stateOf(after);
  if (before === undefined) return "asked";
  if (state === "done") return stateOf(before) === "done" ? "changed" : "done";
  if (state === "withdrawn") return "withdrawn";
  if (state === "taken") return stateOf(before) === "taken" && before.owner?.reference === after.owner?.reference ? "changed" : "taken";
  if (after.status === "rejected") return before.status === "rejected" ? "changed" : "rejected";
  if (codeIn(after.businessStatus, ALERT) === "unanswered") return "unanswered";
  if (stepOf(after) > stepOf(before)) return "passedOn";
  return before.owner?.reference === after.owner?.reference ? "changed" : "handed";
}

function stepOf(task: Task): number {
  return task.input?.find((one) => codeIn(one.type, ALERT) === "escalation-step")?.valueInteger ?? 0;
}
