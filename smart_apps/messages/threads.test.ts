import type { Bundle, Communication } from "fhir/r4";
import { describe, expect, it } from "vitest";

import { membersOf, messageFrom, once, receiptFor } from "./sending.ts";
import { matches, messagesOf, THREAD, threadsOf } from "./threads.ts";

const ME = { references: ["Practitioner/me", "PractitionerRole/mine"], name: "Dr. Ann Me" };
const NOW = "2026-11-30T03:00:00+01:00";

function message(id: string, more: Partial<Communication> = {}): Communication {
  return {
    resourceType: "Communication", id, status: "in-progress", identifier: [{ system: THREAD, value: "t1" }], sent: `2026-11-30T0${id}:00:00Z`,
    sender: { reference: "Practitioner/a", display: "Dr. A" }, recipient: [{ reference: "Practitioner/me" }, { reference: "Practitioner/b", display: "Nurse B" }],
    payload: [{ contentString: `text ${id}` }], ...more,
  };
}

function bundle(...resources: object[]): Bundle {
  return { resourceType: "Bundle", type: "searchset", entry: resources.map((resource) => ({ resource }) as never) };
}

describe("conversations", () => {
  it("are the messages with one identifier, in the order of time", () => {
    const found = threadsOf([bundle(message("3"), message("1", { topic: { text: "Discharge" } }), message("2", { identifier: undefined }))], ME);

    expect(found.map((one) => [one.key, one.topic, one.messages.map((each) => each.id)])).toEqual([["t1", "Discharge", ["1", "3"]], ["2", "", ["2"]]]);
    expect(found[0]?.others.map((one) => one.reference)).toEqual(["Practitioner/a", "Practitioner/b"]);
  });

  it("count what isn't read, and put the urgent first", () => {
    const found = threadsOf([bundle(
      message("5", { identifier: [{ system: THREAD, value: "new" }], recipient: [{ reference: "Practitioner/me" }], received: NOW, status: "completed" }),
      message("1", { priority: "urgent" }),
    )], ME);

    expect(found.map((one) => [one.key, one.unread, one.isUrgent])).toEqual([["t1", 1, true], ["new", 0, false]]);
  });

  it("know a message to a role of the reader, and a mention", () => {
    const [found] = messagesOf([bundle(message("1", { recipient: [{ reference: "PractitionerRole/mine" }], payload: [{ contentString: "please @Dr. Ann Me" }] }))], ME);

    expect(found).toMatchObject({ isUnread: true, mentionsMe: true, isOwn: false });
  });

  it("know who has read by their receipts", () => {
    const [first] = messagesOf([bundle(message("1"))], ME);
    if (first === undefined) throw new Error("no message");
    const receipt = receiptFor(first, { reference: "Practitioner/me" }, NOW);

    const found = messagesOf([bundle(message("1"), { ...receipt, id: "r" })], ME);

    expect(found.map((one) => [one.id, one.isUnread, one.readBy])).toEqual([["1", false, ["Practitioner/me"]]]);
    expect(receipt.recipient?.map((one) => one.reference)).toEqual(["Practitioner/a", "Practitioner/b"]);
  });

  it("are found by their words", () => {
    const [thread] = threadsOf([bundle(message("1"))], ME);
    if (thread === undefined) throw new Error("no thread");

    expect([matches(thread, "nurse TEXT"), matches(thread, "else")]).toEqual([true, false]);
  });
});

describe("sending", () => {
  const draft = { id: "m1", to: [{ reference: "Practitioner/a" }], topic: "", patientId: "p", text: " hello ", isUrgent: true, attachments: ["Observation/o"] };

  it("says nothing of an attachment but where it is", () => {
    expect(messageFrom(draft, { reference: "Practitioner/me" }, undefined, NOW).payload).toEqual([{ contentString: "hello" }, { contentReference: { reference: "Observation/o" } }]);
  });

  it("begins a conversation or goes on with one", () => {
    const [before] = messagesOf([bundle(message("1"))], ME);
    const first = messageFrom(draft, { reference: "Practitioner/me" }, undefined, NOW);
    const next = messageFrom({ ...draft, id: "m2" }, { reference: "Practitioner/me" }, { thread: "m1", to: before }, NOW);

    expect([first.identifier?.[0]?.value, next.identifier?.[0]?.value]).toEqual(["m1", "m1"]);
    expect(next.inResponseTo?.[0]?.reference).toBe("Communication/1");
  });

  it("reaches the staff of a care team, never the patient", () => {
    const team = membersOf({ resourceType: "CareTeam", id: "c", name: "Team", participant: [{ member: { reference: "Practitioner/a" } }, { member: { reference: "Patient/p" } }, { member: { reference: "Practitioner/me" } }] });

    expect(once([...team, { reference: "Practitioner/a" }], ME.references).map((one) => one.reference)).toEqual(["CareTeam/c", "Practitioner/a"]);
  });
});
