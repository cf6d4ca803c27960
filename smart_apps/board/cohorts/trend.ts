import type { Parameters as FhirParameters } from "fhir/r4";

import type { Parameters } from "../../shared/fhir/client.ts";
import type { View } from "../builder/definition.ts";
import type { Period } from "../metrics/period.ts";
import { numberOf, partsOf, textOf } from "../parameters.ts";

export const STEPS = ["day", "week", "month"] as const;
export type Step = (typeof STEPS)[number];

/** What is asked: a value of a group of patients. Codes are tokens, `name`s what people read. */
export interface Asked {
  code: string;
  name: string;
  condition: string;
  conditionName: string;
  ward: string;
  ageFrom: string;
  ageTo: string;
  by: Step;
}

export interface Member {
  patient: string;
  value: number;
}

export interface Span {
  start: string;
  end: string;
  patients: number;
  values: number;
  minimum: number;
  lower: number;
  median: number;
  upper: number;
  maximum: number;
  members: Member[];
}

export interface Trend {
  unit: string;
  /** How many patients the group has, where something restricts it. */
  cohort?: number;
  spans: Span[];
  leftOut: { unit: string; values: number }[];
}

/** The parameters of $cohort-trend; with `members` the start of the span whose patients are wanted. */
export function queryFor(asked: Asked, period: Period, members?: string): Parameters {
  const said = (text: string) => (text === "" ? undefined : text);
  return {
    code: asked.code, start: period.start, end: period.end, by: asked.by, condition: said(asked.condition), ward: said(asked.ward),
    "age-from": said(asked.ageFrom), "age-to": said(asked.ageTo), "members-of": members,
  };
}

export function trendIn(answer: FhirParameters): Trend {
  return {
    unit: textOf(answer, "unit") ?? "",
    cohort: partsOf(answer, "cohort")[0]?.valueInteger,
    leftOut: partsOf(answer, "left-out").map((one) => ({ unit: textOf(one, "unit") ?? "", values: numberOf(one, "values") ?? 0 })),
    spans: partsOf(answer, "span").map((one) => {
      const of = (name: string) => numberOf(one, name) ?? 0;
      return {
        start: textOf(one, "start") ?? "", end: textOf(one, "end") ?? "", patients: of("patients"), values: of("values"),
        minimum: of("minimum"), lower: of("lower-quartile"), median: of("median"), upper: of("upper-quartile"), maximum: of("maximum"),
        members: partsOf(one, "member").map((each) => ({ patient: partsOf(each, "patient")[0]?.valueReference?.reference ?? "", value: numberOf(each, "value") ?? 0 })),
      };
    }),
  };
}

/** The answer as a table: what is exported is made of the answer itself, by the server. */
export const TABLE: View = {
  resourceType: "ViewDefinition",
  status: "active",
  resource: "Parameters",
  select: [
    { column: [{ name: "unit", path: "parameter.where(name = 'unit').value.ofType(string)" }] },
    {
      forEach: "parameter.where(name = 'span')",
      column: [
        ...["start", "end"].map((name) => ({ name, path: `part.where(name = '${name}').value.ofType(date)` })),
        ...["patients", "values"].map((name) => ({ name, path: `part.where(name = '${name}').value.ofType(integer)` })),
        ...["minimum", "lower-quartile", "median", "upper-quartile", "maximum"].map((name) => ({ name: name.replace("-", "_"), path: `part.where(name = '${name}').value.ofType(decimal)` })),
      ],
    },
  ],
};

/** The question in the address of the page, so that a link says it. */
export function askedIn(search: URLSearchParams): Asked {
  const by = STEPS.find((one) => one === search.get("by")) ?? "week";
  const of = (name: string) => search.get(name) ?? "";
  return { code: of("code"), name: of("name"), condition: of("condition"), conditionName: of("conditionName"), ward: of("ward"), ageFrom: of("ageFrom"), ageTo: of("ageTo"), by };
}

export function searchOf(asked: Asked, period: Period): string {
  const made = new URLSearchParams({ start: period.start, end: period.end });
  for (const [name, value] of Object.entries<string>({ ...asked })) if (value !== "") made.set(name, value);
  return made.toString();
}

/** What is wrong with an age that was typed: a key of the texts. */
export function ageError(from: string, to: string): string | undefined {
  const isAge = (text: string) => text === "" || (/^\d{1,3}$/.test(text) && Number(text) <= 150);
  if (!isAge(from) || !isAge(to)) return "ageWrong";
  return from !== "" && to !== "" && Number(from) > Number(to) ? "ageOrder" : undefined;
}
