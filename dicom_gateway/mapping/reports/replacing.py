"""Measurements that were saved anew: what becomes of the document before.

A document names those that it was made from in Predecessor Documents Sequence (0040,A360). That
alone doesn't say that they hold no more: a report of a follow-up names that of the examination
before. An imaging measurement report (TID 1500) of the same study takes the place of another one
that nobody has verified.

https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.17.2
"""

from __future__ import annotations

from typing import Final

from dicom_gateway.mapping.attributes import Keys, items, uid
from dicom_gateway.mapping.codes import has_code
from fhirserver.model.resource import Resource

_MEASUREMENT_REPORT: Final = "126000"


def predecessors(document: Keys) -> set[str]:
    """The instances that an imaging measurement report takes the place of, in its own study."""
    title = next(iter(items(document, "0040A043")), {})
    if not has_code(title, "DCM", _MEASUREMENT_REPORT):
        return set()
    study = uid(document, "0020000D")
    return {
        uid(instance, "00081155")
        for told in items(document, "0040A360")
        if uid(told, "0020000D") == study
        for series in items(told, "00081115")
        for instance in items(series, "00081199")
    }


def withdrawn(resource: Resource) -> Resource:
    """What was made of a document whose place another one has taken; the final stays.

    >>> withdrawn({"resourceType": "Observation", "status": "preliminary"})["status"]
    'entered-in-error'
    >>> withdrawn({"resourceType": "Observation", "status": "final"})["status"]
    'final'
    """
    if resource["resourceType"] not in {"Observation", "DiagnosticReport"}:
        return resource
    if resource["status"] == "final":
        return resource
    return {**resource, "status": "entered-in-error"}
