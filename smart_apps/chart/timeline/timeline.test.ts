import type { Bundle, FhirResource } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { byDay, eventsOf, firstAsked, missingKinds, nextAsked, pageOf, type Page } from "./timeline.ts";

const t = (key: string) => key;
const page = (found: Record<string, FhirResource[]>, next: Record<string, string> = {}): Page => ({ found, next, missing: [] });
const encounter = (id: string, start: string): FhirResource => ({ resourceType: "Encounter", id, status: "finished", class: { display: "inpatient" }, period: { start } });
const procedure = (id: string, at?: string): FhirResource => ({ resourceType: "Procedure", id, status: "completed", code: { text: id }, subject: {}, ...(at === undefined ? {} : { performedDateTime: at }) });

describe("the timeline", () => {
  it("shows only as far back as every stream has been read", () => {
    const pages = [page({ Encounter: [encounter("e1", "2026-11-03"), encounter("e2", "2026-11-01")], Procedure: [procedure("p1", "2026-11-02"), procedure("p2", "2020-01-01")] }, { Encounter: "Encounter?_page=2" })];

    expect(eventsOf(pages, [], t).map((one) => one.id)).toEqual(["Encounter/e1", "Procedure/p1"]);
    expect(nextAsked(pages)).toEqual([["Encounter", "Encounter?_page=2"]]);
    const whole = [...pages, page({ Encounter: [encounter("e3", "2019-01-01")] })];
    expect(eventsOf(whole, [], t).map((one) => one.id)).toEqual(["Encounter/e1", "Procedure/p1", "Encounter/e2", "Procedure/p2", "Encounter/e3"]);
    expect(nextAsked(whole)).toBeUndefined();
  });

  it("has what has no time at its end, and not before", () => {
    const first = page({ Procedure: [procedure("p1", "2026-11-02"), procedure("p2")], Encounter: [encounter("e1", "2026-11-03")] }, { Encounter: "x" });

    expect(eventsOf([first], [], t).map((one) => one.id)).toEqual([]);
    expect(eventsOf([first, page({ Encounter: [] })], [], t).map((one) => one.id)).toEqual(["Encounter/e1", "Procedure/p1", "Procedure/p2"]);
  });

  it("puts results to their report, and those of one moment without a report in one line", () => {
    const result = (id: string, code: string, letter: string): FhirResource => ({
      resourceType: "Observation", id, status: "final", code: { text: code }, effectiveDateTime: "2026-11-02T08:00:00Z", interpretation: [{ coding: [{ code: letter }] }],
    });
    const report: FhirResource = { resourceType: "DiagnosticReport", id: "r", status: "final", code: { text: "Panel" }, effectiveDateTime: "2026-11-02T08:00:00Z", result: [{ reference: "Observation/a" }, { reference: "Observation/b" }] };
    const events = eventsOf([page({ DiagnosticReport: [report], Observation: [result("a", "Sodium", "N"), result("b", "Potassium", "HH"), result("c", "Lactate", "N"), result("d", "Glucose", "H")] })], [], t);

    expect(events.map((one) => [one.text, one.values?.map((value) => value.code.text)])).toEqual([["Panel", ["Potassium", "Sodium"]], ["Lactate, Glucose", ["Glucose", "Lactate"]]]);
  });

  it("has vital signs of one round in one line, both pressures too", () => {
    const sign = (id: string, code: string, at: string, letter = "N"): FhirResource => ({ resourceType: "Observation", id, status: "final", code: { text: code }, effectiveDateTime: at, interpretation: [{ coding: [{ code: letter }] }] });
    const pressure: FhirResource = { resourceType: "Observation", id: "bp", status: "final", code: { text: "Blood pressure" }, effectiveDateTime: "2026-11-02T08:00:20Z", component: [{ code: { text: "Systolic" } }, { code: { text: "Diastolic" } }] };
    const events = eventsOf([page({ Vitals: [sign("a", "Pulse", "2026-11-02T08:00:00Z"), pressure, sign("b", "Temperature", "2026-11-02T08:00:40Z", "H"), sign("c", "Pulse", "2026-11-02T12:00:00Z")] })], ["vital"], t);

    expect(events.map((one) => [one.text, one.values?.map((value) => value.code.text)])).toEqual([["vitals", ["Pulse"]], ["vitals", ["Temperature", "Pulse", "Systolic", "Diastolic"]]]);
  });

  it("has orders of examinations and of medicines as orders", () => {
    const request: FhirResource = { resourceType: "ServiceRequest", id: "s", status: "active", intent: "order", subject: {}, code: { text: "CT head" }, authoredOn: "2026-11-02" };
    const medicine: FhirResource = { resourceType: "MedicationRequest", id: "m", status: "active", intent: "order", subject: {}, medicationCodeableConcept: { text: "Metoprolol" }, authoredOn: "2026-11-01" };
    const pages = [page({ ServiceRequest: [request], MedicationRequest: [medicine] })];

    expect(eventsOf(pages, ["order"], t).map((one) => one.text)).toEqual(["CT head", "Metoprolol"]);
    expect(eventsOf(pages, ["medication"], t).map((one) => one.text)).toEqual(["Metoprolol"]);
  });

  it("keeps what was entered in error, and says so", () => {
    const report: FhirResource = { resourceType: "DiagnosticReport", id: "r", status: "entered-in-error", code: { text: "Chest" }, effectiveDateTime: "2026-11-02" };
    expect(eventsOf([page({ DiagnosticReport: [report] })], [], t).map((one) => [one.text, one.isError, one.more])).toEqual([["Chest", true, "status.entered-in-error"]]);
  });

  it("asks for the kinds that are wanted only", () => {
    expect(firstAsked("1", ["procedure"])).toEqual([["Procedure", "Procedure?patient=1&_sort=-date&_count=20"]]);
    expect(firstAsked("1", []).length).toBeGreaterThan(10);
  });

  it("reads a batch: pages go on at relative addresses, and what was refused is told", () => {
    const asked = [["Encounter", "a"], ["Procedure", "b"]] as const;
    const searchset: Bundle = { resourceType: "Bundle", type: "searchset", link: [{ relation: "next", url: "http://h/fhir/Encounter?_page=z" }], entry: [{ resource: encounter("e", "2026-11-03") }] };
    const answer: Bundle = {
      resourceType: "Bundle", type: "batch-response", entry: [
        { response: { status: "200 OK" }, resource: searchset },
        { response: { status: "403 Forbidden" } },
      ],
    };

    const read = pageOf(asked, answer, "http://h/fhir");
    expect(read.next).toEqual({ Encounter: "Encounter?_page=z" });
    expect(missingKinds([read])).toEqual(["procedure"]);
  });

  it("is told by days", () => {
    const events = eventsOf([page({ Encounter: [encounter("e1", "2026-11-03T22:00:00Z"), encounter("e2", "2026-11-03T08:00:00Z"), encounter("e3", "2026-11-02")] })], [], t);

    expect(byDay(events, (at) => at.slice(0, 10)).map((one) => [one.day, one.events.length])).toEqual([["2026-11-03", 2], ["2026-11-02", 1]]);
  });
});
