import type { Observation } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { doubtOf, entriesOf, errorsOf, isEmpty, numberOf, toldOf, unusualOf } from "./entry.ts";
import { SIGNS, type Sign } from "./signs.ts";

const sign = (key: string) => SIGNS.find((one) => one.key === key) as Sign;
const ABOUT = { patient: "p", at: "2026-11-30T03:00:00-07:00", id: "round" };

describe("a typed value", () => {
  it("may have a comma", () => expect(numberOf("37,4")).toBe(37.4));
  it("is a number and nothing else", () => expect(doubtOf(sign("pulse"), "8o")).toBe("number"));
  it("that nobody can have is refused", () => expect(doubtOf(sign("temperature"), "374")).toBe("impossible"));
  it("that is unusual is asked about", () => expect(doubtOf(sign("pulse"), "180")).toBe("unusual"));
  it("has no more digits than the device shows", () => expect(doubtOf(sign("pulse"), "80.5")).toBe("digits"));
  it("that wasn't measured is none", () => expect(doubtOf(sign("pulse"), " ")).toBeUndefined());
  it("below zero is no number", () => expect(doubtOf(sign("temperature"), "-1")).toBe("number"));
});

describe("a round", () => {
  it("is empty when nothing was measured", () => expect(isEmpty({ pulse: " ", systolic: "" })).toBe(true));

  it("has to have its pressures in order, and the upper one", () => {
    expect(errorsOf({ systolic: "80", diastolic: "120" })).toEqual({ diastolic: "order" });
    expect(errorsOf({ diastolic: "80" })).toEqual({ systolic: "both" });
  });

  it("names what has to be confirmed", () => {
    expect(unusualOf({ pulse: "180", temperature: "37" }).map((one) => one.key)).toEqual(["pulse"]);
  });

  it("becomes an Observation for each sign, and one for both pressures", () => {
    const entries = entriesOf({ systolic: "130", diastolic: "80", pulse: "72", temperature: "37,4", consciousness: "alert", pain: "" }, ABOUT);

    expect(toldOf(entries)).toEqual(["Heart rate 72\u00a0/min", "Body temperature 37.4\u00a0°C", "Blood pressure 130/80\u00a0mmHg", "Level of responsiveness Mentally alert"]);
    expect(entries.every((one) => (one.resource as Observation).effectiveDateTime === ABOUT.at)).toBe(true);
  });

  it("is known by its identifier, so that it is stored once however often it is sent", () => {
    const first = entriesOf({ pulse: "72" }, ABOUT);
    const second = entriesOf({ pulse: "72" }, ABOUT);

    expect(first[0]?.request?.ifNoneExist).toBe("identifier=https://fhirserver.example/vital-signs-entry|round-pulse");
    expect(first).toEqual(second);
  });

  it("says so when the lower pressure wasn't heard", () => {
    const pressure = entriesOf({ systolic: "130" }, ABOUT)[0]?.resource as Observation;
    expect(pressure.component?.[1]?.dataAbsentReason?.coding?.[0]?.code).toBe("not-performed");
  });

  it("has both codes of the oxygen saturation, as FHIR's profile wants", () => {
    const saturation = entriesOf({ saturation: "97" }, ABOUT)[0]?.resource as Observation;
    expect(saturation.code.coding?.map((one) => one.code)).toEqual(["2708-6", "59408-5"]);
  });
});
