"""Devices on the wards, and the Medications the pharmacy stocks.

https://hl7.org/fhir/R4/device.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import DICOM, RXNORM, SNOMED, Resource, concept
from fhirserver.demo.hospital.links import Links
from fhirserver.demo.hospital.premises import beds

AE_TITLES: Final = "https://fhirserver.example/NamingSystem/ae-title"


def devices(links: Links) -> Iterator[Resource]:
    """Machines: those of a ward with beds stand beside a bed, first machine, first bed."""
    for kind in table("equipment"):
        places = beds(kind["ward"]) or (kind["ward"],)
        for number in range(1, kind["count"] + 1):
            key = f"{kind['key']}-{number}"
            name = kind["snomed"][1] if "snomed" in kind else kind["name"]
            type_ = concept(SNOMED, kind["snomed"]) if "snomed" in kind else {"text": name}
            head = links.head("Device", key)
            head |= _station(head, kind, number)
            yield head | {
                "status": "active",
                "manufacturer": kind["maker"],
                "manufactureDate": f"20{18 + number % 7}-03-01",
                "serialNumber": f"{kind['key'].upper()}{1000 + 7 * number}",
                "deviceName": [{"name": f"{name} {number}", "type": "user-friendly-name"}],
                "modelNumber": kind["model"],
                "type": type_,
                "owner": links.to("Organization", "hospital"),
                "location": links.to("Location", places[(number - 1) % len(places)]),
            }


def _station(head: Resource, kind: Mapping[str, Any], number: int) -> Resource:
    """What makes an imaging machine a station of the modality worklist: its AE title, its modality.

    PS3.4 K.6.1.2.2; docs/integrator/dicom.md, Worklists
    """
    if "modality" not in kind:
        return {}
    title = {"system": AE_TITLES, "value": f"{kind['modality']}{number}"}
    modality = {"coding": [{"system": DICOM, "code": kind["modality"]}]}
    return {
        "identifier": [*head.get("identifier", ()), title],
        "specialization": [{"systemType": modality}],
    }


def medications(links: Links) -> Iterator[Resource]:
    """The formulary."""
    for key, drug in table("drugs").items():
        yield links.head("Medication", key) | {
            "code": concept(RXNORM, drug["rxnorm"]),
            "status": "active",
            "form": {"text": drug["form"]},
        }
