"""HL7 v2 messages for tests."""

from __future__ import annotations

from typing import Any

from fhirserver import ids


def a_message(
    event: str = "ADT^A01",
    *,
    control: str | None = None,
    patient: str = "4711",
    application: str = "ADT1",
    facility: str = "WEST",
    processing: str = "P",
    version: str = "2.5.1",
    acknowledge: str = "",
    more: str = "",
) -> bytes:
    """A small admission; `acknowledge` is such as `AL|NE`, `more` further segments."""
    control = ids.new()[-20:] if control is None else control
    header = (
        f"MSH|^~\\&|{application}|{facility}|FHIR|HOSP|20260301101500||{event}|{control}|"
        f"{processing}|{version}"
    )
    if acknowledge:
        header += f"|||{acknowledge}"
    return (
        f"{header}\rEVN|{event[-3:]}|20260301101500\r"
        f"PID|1||{patient}^^^{facility}^MR||Doe^Jane||19700101|F\rPV1|1|I|W1^101^1\r{more}"
    ).encode()


def a_sender(id_: str, *members: dict[str, Any]) -> dict[str, Any]:
    """The Endpoint of a sender."""
    return {
        "resourceType": "Endpoint",
        "id": id_,
        "status": "active",
        "name": id_,
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
            "code": "hl7v2-mllp",
        },
        "payloadType": [{"text": "HL7 v2"}],
        "address": "mllp://127.0.0.1:2575",
        "extension": [
            {
                "url": "https://fhirserver.example/StructureDefinition/hl7v2-sender",
                "extension": list(members),
            }
        ],
    }


def member(name: str, value: str, kind: str = "String") -> dict[str, Any]:
    """A member of its extension."""
    return {"url": name, f"value{kind}": value}
