import type { Endpoint } from "fhir/r4";
import { expect, it } from "vitest";

import { endpointOf, entryOf, kindsOf, problemsOf } from "./members.ts";

const LAB: Endpoint = {
  resourceType: "Endpoint", id: "lab", status: "active", name: "Laboratory West", payloadType: [{ text: "HL7 v2" }], address: "mllp://fhirserver.example:2575",
  meta: { versionId: "3", profile: ["https://fhirserver.example/StructureDefinition/hl7v2-partner"] },
  connectionType: { system: "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", code: "hl7v2-mllp" },
  extension: [
    { url: "https://west.example/of-the-site", valueString: "kept" },
    {
      url: "https://fhirserver.example/StructureDefinition/hl7v2-sender",
      extension: [
        { url: "application", valueString: "LAB" }, { url: "address", valueString: "10.1.0.0/16" }, { url: "address", valueString: "10.2.0.0/16" },
        { url: "authority", extension: [{ url: "name", valueString: "WEST" }, { url: "system", valueUri: "https://west.example/mrn" }] },
        { url: "authority", extension: [{ url: "system", valueUri: "https://other.example/mrn" }] },
        { url: "of-tomorrow", valueString: "kept" },
      ],
    },
  ],
};

it("reads an entry and writes the same", () => {
  expect(kindsOf(LAB)).toEqual(["sender"]);
  const entry = entryOf(LAB, "sender");
  expect(entry).toMatchObject({ name: "Laboratory West", isOn: true, values: { application: ["LAB"], address: ["10.1.0.0/16", "10.2.0.0/16"], authority: ["WEST https://west.example/mrn", "https://other.example/mrn"], facility: [] } });
  expect(problemsOf(entry, "sender")).toEqual([]);
  expect(endpointOf(LAB, "sender", entry)).toEqual(LAB);
});

it("makes a new entry of what was typed", () => {
  const typed = { name: " CT ", address: "dicom://10.1.2.3:104", isOn: true, values: { "ae-title": ["CT1"], may: ["store", "commit"], issuer: ["WEST urn:oid:1.2"], charset: [" "] } };
  expect(problemsOf(typed, "peer")).toEqual([]);
  expect(endpointOf(undefined, "peer", typed)).toEqual({
    resourceType: "Endpoint", status: "active", name: "CT", address: "dicom://10.1.2.3:104", payloadType: [{ text: "DICOM" }],
    connectionType: { system: "https://fhirserver.example/CodeSystem/endpoint-connection-type", code: "dicom-dimse" },
    extension: [{
      url: "https://fhirserver.example/StructureDefinition/dicom-peer",
      extension: [
        { url: "ae-title", valueString: "CT1" }, { url: "may", valueCode: "store" }, { url: "may", valueCode: "commit" },
        { url: "issuer", extension: [{ url: "name", valueString: "WEST" }, { url: "system", valueUri: "urn:oid:1.2" }] },
      ],
    }],
  });
});

it("adds to a system that sends what it is sent, and switches it off", () => {
  const both = endpointOf(LAB, "receiver", { ...entryOf(LAB, "receiver"), isOn: false, values: { "timeout-seconds": ["60"], "code-map": ["http://loinc.org https://west.example/map"] } });
  expect(kindsOf(both)).toEqual(["sender", "receiver"]);
  expect(both.status).toBe("off");
  expect(both.extension?.at(-1)?.extension).toEqual([
    { url: "timeout-seconds", valuePositiveInt: 60 },
    { url: "code-map", extension: [{ url: "system", valueUri: "http://loinc.org" }, { url: "map", valueCanonical: "https://west.example/map" }] },
  ]);
});

it("knows what can't be", () => {
  const empty = { name: "", address: "http://x", isOn: true, values: {} };
  expect(problemsOf(empty, "sender")).toEqual(["name", "address", "member application"]);
  expect(problemsOf({ ...empty, name: "a", address: "mllp://here", values: { certificate: ["ab"], authority: ["WEST"] } }, "sender")).toEqual(["member authority"]);
  expect(problemsOf({ ...empty, name: "a", address: "mllp://lis:6661", values: { "timeout-seconds": ["soon"] } }, "receiver")).toEqual(["member timeout-seconds"]);
  expect(problemsOf({ ...empty, name: "a", address: "dicom:", values: {} }, "peer")).toEqual(["member ae-title"]);
});
