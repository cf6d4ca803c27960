"""Radiation dose reports as Observations: the totals of the study, and each irradiation event.

Templates TID 10001 (Projection X-Ray) and TID 10011 (CT): the same document title, other
containers. The totals are components of one Observation, as IHE REM and HL7's guide on radiation
dose summaries have it (LOINC 73569-6); its members are the events.

https://dicom.nema.org/medical/dicom/current/output/html/part16.html#sect_TID_10001
https://dicom.nema.org/medical/dicom/current/output/html/part16.html#sect_TID_10011
https://hl7.org/fhir/uv/radiation-dose-summary/
"""

from __future__ import annotations

from typing import Final

from dicom_gateway.mapping.attributes import Keys
from dicom_gateway.mapping.codes import DCM
from dicom_gateway.mapping.identifiers import uid_identifier
from dicom_gateway.mapping.reports.content import Node, coded, concept_of, quantity, tree
from dicom_gateway.mapping.reports.context import About
from dicom_gateway.mapping.reports.measurements import observed
from fhirserver.model.resource import Resource

TITLE: Final = "113701"
MOST_EVENTS: Final = 500
_TOTALS: Final = ("113702", "113811")
_EVENTS: Final = ("113706", "113819")
_EVENT_UID: Final = "113769"
_SUMMARY: Final = {
    "coding": [{"system": "http://loinc.org", "code": "73569-6"}],
    "text": "Radiation exposure and protection information",
}
_EVENT: Final = {
    "coding": [{"system": DCM, "code": "113852", "display": "Irradiation Event"}],
    "text": "Irradiation Event",
}
_SITES: Final = (("DCM", "123014"), ("SCT", "123014"))


def is_dose_report(document: Keys) -> bool:
    """Whether a document is an X-Ray Radiation Dose Report."""
    return tree({k: v for k, v in document.items() if k != "0040A730"}).is_about("DCM", TITLE)


def doses(document: Keys, about: About) -> list[Resource]:
    """The Observations of a dose report: the summary first; none where it has no total."""
    root = tree(document)
    totals = [c for c in root.children if c.is_about("DCM", *_TOTALS)]
    components = [c for total in totals for c in _numbers(total)]
    if not components:
        return []
    containers = [c for c in root.children if c.is_about("DCM", *_EVENTS)][:MOST_EVENTS]
    events = [e for e in (_event(c, document, about) for c in containers) if e is not None]
    context: Resource = {}
    procedure = coded(root.first("DCM", "121058"))
    if procedure is not None:
        context["method"] = procedure
    context["component"] = components
    summary = observed("1", document, about, code=_SUMMARY, context=context)
    if events:
        summary["hasMember"] = [{"reference": f"Observation/{e['id']}"} for e in events]
    return [summary, *events]


def _event(container: Node, document: Keys, about: About) -> Resource | None:
    components = _numbers(container)
    if not components:
        return None
    context: Resource = {"component": components}
    known = container.first("DCM", _EVENT_UID)
    if known is not None and known.text:
        context["identifier"] = [{"use": "secondary", **uid_identifier(known.text)}]
    for scheme, code in _SITES:
        if (site := coded(container.first(scheme, code))) is not None:
            context["bodySite"] = site
            break
    return observed(container.place, document, about, code=_EVENT, context=context)


def _numbers(container: Node) -> list[Resource]:
    """The numbers of a container, at any depth, as components; what has no number is left out."""
    made = []
    for node, _ in container.walk():
        if node.kind != "NUM":
            continue
        code, value = concept_of(node), quantity(node)
        if code is not None and value is not None:
            made.append({"code": code, "valueQuantity": value})
    return made
