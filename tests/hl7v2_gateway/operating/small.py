"""A conversion that is small and real: PID is a Patient, PV1 an Encounter, MRG a merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hl7v2_gateway.er7 import Message
from hl7v2_gateway.operating.conversions import Made, NotConverted
from hl7v2_gateway.partners import Sender

SYSTEM = "https://west.example/mrn"


@dataclass(frozen=True)
class Merge:
    survivor: str
    retired: str
    kind: str = "Patient"


@dataclass(frozen=True)
class Small:
    bundle: dict[str, Any]
    merges: tuple[Merge, ...] = ()
    moves: tuple[Merge, ...] = ()


def a_conversion(message: Message, sender: Sender, number: int) -> Made:
    """Each visit notes the numbers of the messages that were about it, in their order."""
    del sender
    if message.header.type != "ADT":
        raise NotConverted("200", "only ADT")
    if message.value("PID-5.1") == "Bug":
        raise KeyError(message.value("PID-5.1"))
    mrn = message.value("PID-3.1")
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": mrn}],
        "name": [{"family": message.value("PID-5.1"), "given": [message.value("PID-5.2")]}],
    }
    encounter = {
        "resourceType": "Encounter",
        "identifier": [{"system": f"{SYSTEM}/visit", "value": mrn}],
        "status": "in-progress",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": message.value("PV1-2") or "IMP",
        },
        "subject": {"reference": "urn:uuid:8f2b3e3e-7b4e-4b9a-9d3e-000000000001"},
        "type": [{"text": str(number)}],
    }
    entries = [
        {
            "fullUrl": "urn:uuid:8f2b3e3e-7b4e-4b9a-9d3e-000000000001",
            "resource": patient,
            "request": {"method": "PUT", "url": f"Patient?identifier={SYSTEM}|{mrn}"},
        },
        {
            "fullUrl": "urn:uuid:8f2b3e3e-7b4e-4b9a-9d3e-000000000002",
            "resource": encounter,
            "request": {"method": "PUT", "url": f"Encounter?identifier={SYSTEM}/visit|{mrn}"},
        },
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    retired = message.value("MRG-1.1")
    merges = (
        (Merge(f"identifier={SYSTEM}|{mrn}", f"identifier={SYSTEM}|{retired}"),) if retired else ()
    )

    def combine(full_url: str, given: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
        if given["resourceType"] != "Encounter":
            return {**stored, **given}
        return {**given, "type": [*stored["type"], *given["type"]]}

    return Made(Small(bundle, merges), combine, {"unmapped": ["PV1-3.1"]})
