import type {
  AllergyIntolerance, Condition, DiagnosticReport, DocumentReference, Encounter, FhirResource, Flag, ImagingStudy, Immunization, MedicationRequest, MedicationStatement, Observation,
  Procedure, ServiceRequest, Task,
} from "fhir/r4";

import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import type { T } from "../../shared/i18n/i18n.ts";
import { isInError } from "../../shared/format/inError.ts";
import { isNote } from "../notes/isNote.ts";
import { takenAt } from "../results/panels.ts";

/** What the timeline can be narrowed to. */
export const KINDS = ["encounter", "result", "note", "medication", "procedure", "vital", "order", "document", "image", "immunization", "problem", "alert"] as const;
export type Kind = (typeof KINDS)[number];

/** A line of the timeline. */
export interface Event {
  id: string;
  kind: Kind;
  /** As it was recorded; undefined where nobody said when. */
  at: string | undefined;
  /** A key of the texts, in front: "Stopped". */
  verb?: string;
  text: string;
  more: string;
  /** Below the patient's record, with the line of the page. */
  page: string;
  isUrgent?: boolean;
  /** It was entered in error, and is struck through. */
  isError?: boolean;
  /** A kind that it is as well. */
  also?: Kind;
  /** Values that belong to the line, those out of range first. */
  values?: readonly Observation[];
}

/** A search that is read newest first, and what its resources are on the timeline. */
export interface Stream {
  name: string;
  kinds: readonly Kind[];
  /** `{patient}` stands for the id. */
  search: string;
  /** What the search is sorted by. */
  at: (of: FhirResource) => string | undefined;
  event: (of: FhirResource, t: T) => Event | undefined;
}

/** The stream of the vital signs: those of one minute are one line. */
export const VITALS = "Vitals";
const COUNT = 20;
const ALERTS = "https://fhirserver.example/CodeSystem/task-code|acknowledge-alert";
/** Notes and documents without their content. */
const HEAD = "type,category,date,status,docStatus,author,description,relatesTo,subject";

function stream<R extends FhirResource>(of: {
  name: string; kinds: readonly Kind[]; search: string; at: (one: R) => string | undefined; event: (one: R, t: T) => Omit<Event, "id" | "at"> | undefined;
}): Stream {
  return {
    name: of.name, kinds: of.kinds, search: of.search,
    at: (one) => of.at(one as R),
    event: (one, t) => {
      const made = of.event(one as R, t);
      return made === undefined ? undefined : { id: `${of.name}/${one.id ?? ""}`, at: of.at(one as R), ...made };
    },
  };
}

const list = (...parts: (string | undefined)[]) => parts.filter((part) => part !== undefined && part !== "").join(" · ");
const medicine = (of: MedicationRequest | MedicationStatement) => words(of.medicationCodeableConcept) || (of.medicationReference?.display ?? "");
const names = (of: readonly { display?: string }[] | undefined) => (of ?? []).map((one) => one.display).filter(Boolean).join(", ");

/** The values of a measurement, each with its name: both of a blood pressure. */
function partsOf(one: Observation): Observation[] {
  if (one.component === undefined) return [one];
  const { component, ...whole } = one;
  return component.map((part, n) => ({ ...whole, interpretation: undefined, referenceRange: undefined, ...part, id: `${one.id ?? ""}.${n}` }));
}

/** Each is one search; all of them go in one batch. Observations of the laboratory are put to their reports by `eventsOf`. */
export const STREAMS: readonly Stream[] = [
  stream<Encounter>({
    name: "Encounter", kinds: ["encounter"], search: `Encounter?patient={patient}&_sort=-date&_count=${COUNT}`, at: (one) => one.period?.start,
    event: (one, t) => ["entered-in-error", "cancelled"].includes(one.status) ? undefined : {
      kind: "encounter", text: words(one.type?.[0]) || (one.class.display ?? one.class.code ?? ""), page: `encounters#${one.id ?? ""}`,
      more: list(t(`status.${one.status}`), one.period?.end === undefined ? "" : `${t("until")} ${day(one.period.end)}`, one.reasonCode?.map(words).join(", "), one.serviceProvider?.display),
    },
  }),
  stream<DiagnosticReport>({
    name: "DiagnosticReport", kinds: ["result"], search: `DiagnosticReport?patient={patient}&_sort=-date&_count=${COUNT}`,
    at: (one) => one.effectiveDateTime ?? one.effectivePeriod?.start ?? one.issued,
    event: (one, t) => ({
      kind: "result", text: words(one.code), isError: isInError(one), page: `results/reports/${one.id ?? ""}`, more: list(t(`status.${one.status}`), names([...(one.resultsInterpreter ?? []), ...(one.performer ?? [])])),
    }),
  }),
  stream<Observation>({
    name: "Observation", kinds: ["result"], search: `Observation?patient={patient}&category=laboratory&_sort=-date&_count=${COUNT * 4}`, at: takenAt,
    event: (one) => ["entered-in-error", "cancelled"].includes(one.status) ? undefined : { kind: "result", text: words(one.code), more: "", page: "results", values: [one] },
  }),
  stream<Observation>({
    name: VITALS, kinds: ["vital"], search: `Observation?patient={patient}&category=vital-signs&_sort=-date&_count=${COUNT * 4}`, at: takenAt,
    event: (one, t) => ["entered-in-error", "cancelled"].includes(one.status) ? undefined : { kind: "vital", text: t("vitals"), more: "", page: "vitals", values: partsOf(one) },
  }),
  stream<ServiceRequest>({
    name: "ServiceRequest", kinds: ["order"], search: `ServiceRequest?patient={patient}&_sort=-authored&_count=${COUNT}`, at: (one) => one.authoredOn,
    event: (one, t) => ["entered-in-error", "draft"].includes(one.status) ? undefined : {
      kind: "order", verb: "timelineOrdered", text: words(one.code), page: `orders#${one.id ?? ""}`,
      more: list(t(`status.${one.status}`), ["urgent", "asap", "stat"].includes(one.priority ?? "") ? t(`priority.${one.priority ?? ""}`) : "", one.requester?.display),
    },
  }),
  stream<DocumentReference>({
    name: "DocumentReference", kinds: ["note", "document"], search: `DocumentReference?patient={patient}&_sort=-date&_count=${COUNT}&_elements=${HEAD}`, at: (one) => one.date,
    event: (one, t) => ({
      isError: isInError(one), kind: isNote(one) ? "note" : "document", verb: one.relatesTo?.some((of) => of.code === "appends") === true ? "addendum" : undefined,
      text: one.description ?? (words(one.type) || t("document")), page: `${isNote(one) ? "notes" : "documents"}#${one.id ?? ""}`, more: list(isInError(one) ? t("status.entered-in-error") : "", names(one.author)),
    }),
  }),
  stream<MedicationRequest>({
    name: "MedicationRequest", kinds: ["medication", "order"], search: `MedicationRequest?patient={patient}&_sort=-authoredon&_count=${COUNT}`, at: (one) => one.authoredOn,
    event: (one, t) => ["entered-in-error", "draft"].includes(one.status) ? undefined : {
      kind: "medication", also: "order", verb: "timelinePrescribed", text: medicine(one), page: `medications#${one.id ?? ""}`,
      more: list(one.dosageInstruction?.map((dose) => dose.text).filter(Boolean).join("; "), one.status === "active" ? "" : t(`status.${one.status}`), one.requester?.display),
    },
  }),
  stream<MedicationRequest>({
    name: "Stopped", kinds: ["medication"], search: `MedicationRequest?patient={patient}&status=stopped,cancelled&_sort=-_lastUpdated&_count=${COUNT}`, at: (one) => one.meta?.lastUpdated,
    event: (one) => ({ kind: "medication", verb: "timelineStopped", text: medicine(one), page: `medications#${one.id ?? ""}`, more: words(one.statusReason) }),
  }),
  stream<MedicationStatement>({
    name: "MedicationStatement", kinds: ["medication"], search: `MedicationStatement?patient={patient}&_sort=-effective&_count=${COUNT}`, at: (one) => one.effectivePeriod?.start ?? one.effectiveDateTime,
    event: (one) => one.status === "entered-in-error" ? undefined : {
      kind: "medication", verb: one.status === "not-taken" ? "timelineNotTaken" : "timelineTakes", text: medicine(one), page: "medications",
      more: list(one.dosage?.map((dose) => dose.text).filter(Boolean).join("; "), one.effectivePeriod?.end === undefined ? "" : `–${day(one.effectivePeriod.end)}`),
    },
  }),
  stream<Procedure>({
    name: "Procedure", kinds: ["procedure"], search: `Procedure?patient={patient}&_sort=-date&_count=${COUNT}`, at: (one) => one.performedDateTime ?? one.performedPeriod?.start,
    event: (one, t) => one.status === "entered-in-error" ? undefined : {
      kind: "procedure", text: words(one.code), page: `procedures#${one.id ?? ""}`,
      more: list(one.status === "completed" ? "" : t(`status.${one.status}`), words(one.outcome), names(one.performer?.map((who) => who.actor))),
    },
  }),
  stream<Immunization>({
    name: "Immunization", kinds: ["immunization"], search: `Immunization?patient={patient}&_sort=-date&_count=${COUNT}`, at: (one) => one.occurrenceDateTime,
    event: (one, t) => one.status === "entered-in-error" ? undefined : {
      kind: "immunization", text: words(one.vaccineCode), page: `immunizations#${one.id ?? ""}`,
      more: list(one.status === "not-done" ? list(t("status.not-done"), words(one.statusReason)) : "", one.lotNumber === undefined ? "" : `${t("lot")} ${one.lotNumber}`, one.occurrenceString),
    },
  }),
  stream<ImagingStudy>({
    name: "ImagingStudy", kinds: ["image"], search: `ImagingStudy?patient={patient}&_sort=-started&_count=${COUNT}`, at: (one) => one.started,
    event: (one, t) => one.status === "entered-in-error" ? undefined : {
      kind: "image", text: one.description ?? (one.procedureCode?.map(words).join(", ") || t("study")), page: `imaging#${one.id ?? ""}`,
      more: list(one.modality?.map((of) => of.code).join(", "), t("imagesN", { series: one.numberOfSeries ?? 0, n: one.numberOfInstances ?? 0 })),
    },
  }),
  stream<Condition>({
    name: "Condition", kinds: ["problem"], search: `Condition?patient={patient}&_sort=-recorded-date&_count=${COUNT}`, at: (one) => one.recordedDate,
    event: (one, t) => one.verificationStatus?.coding?.[0]?.code === "entered-in-error" ? undefined : {
      kind: "problem", text: words(one.code), page: `problems#${one.id ?? ""}`,
      more: list(words(one.clinicalStatus), one.onsetDateTime === undefined ? "" : `${t("since")} ${day(one.onsetDateTime)}`, one.abatementDateTime === undefined ? "" : `${t("until")} ${day(one.abatementDateTime)}`),
    },
  }),
  stream<AllergyIntolerance>({
    name: "AllergyIntolerance", kinds: ["problem"], search: `AllergyIntolerance?patient={patient}&_sort=-date&_count=${COUNT}`, at: (one) => one.recordedDate,
    event: (one, t) => one.verificationStatus?.coding?.[0]?.code === "entered-in-error" ? undefined : {
      kind: "problem", verb: "timelineAllergy", text: words(one.code), page: `allergies#${one.id ?? ""}`,
      more: list(words(one.clinicalStatus), one.criticality === "high" ? t("criticality.high") : ""),
    },
  }),
  stream<Task>({
    name: "Task", kinds: ["alert"], search: `Task?patient={patient}&code=${ALERTS}&_sort=-authored-on&_count=${COUNT}`, at: (one) => one.authoredOn,
    event: (one, t) => one.status === "entered-in-error" ? undefined : {
      kind: "alert", text: one.description ?? words(one.reasonCode), page: "", isUrgent: ["requested", "received"].includes(one.status),
      more: ["requested", "received"].includes(one.status) ? t("timelineUnanswered") : t("timelineAnswered"),
    },
  }),
  stream<Flag>({
    name: "Flag", kinds: ["alert"], search: `Flag?patient={patient}&_sort=-date&_count=${COUNT}`, at: (one) => one.period?.start,
    event: (one, t) => one.status === "entered-in-error" ? undefined : {
      kind: "alert", verb: "timelineFlag", text: words(one.code), page: "", more: list(t(`status.${one.status}`), one.period?.end === undefined ? "" : `${t("until")} ${day(one.period.end)}`),
    },
  }),
];
