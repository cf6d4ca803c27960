"""The measurements of a structured report as Observations, one for each number.

Template TID 1500 (Measurement Report) has groups (TID 1410, 1411, 1501) that name what was found,
where, and by which tracking id; other reports have numbers anywhere. A number takes from the
nearest item above it what it doesn't have itself: finding, site, method, tracking id.

https://dicom.nema.org/medical/dicom/current/output/html/part16.html#sect_TID_1500
https://hl7.org/fhir/uv/dicom-sr/ (the same idea, for R5)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dicom_gateway.mapping.attributes import Keys, uid
from dicom_gateway.mapping.identifiers import id_of, uid_identifier
from dicom_gateway.mapping.reports.content import (
    Node,
    coded,
    concept_of,
    missing_value,
    quantity,
    tree,
)
from dicom_gateway.mapping.reports.context import About, told_at
from dicom_gateway.mapping.reports.standing import observation_status
from fhirserver.model.resource import Resource

MOST: Final = 1_000
"""Observations that are made of one document."""
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_PLACE: Final = "https://fhirserver.example/dicom/content-item"
_TRACKING: Final = "https://fhirserver.example/dicom/tracking-identifier"

# The same concepts with the codes of SNOMED CT, and of SNOMED RT in older documents.
_SITE: Final = (("SCT", "363698007"), ("SRT", "G-C0E3"))
_METHOD: Final = (("SCT", "370129005"), ("SRT", "G-C306"))
_FINDING: Final = (("DCM", "121071"),)
_DERIVATION: Final = (("DCM", "121401"),)


def measurements(document: Keys, about: About) -> list[Resource]:
    """The Observations of a document, in its order; each with an id of its own that stays."""
    root = tree(document)
    found = ((n, a) for n, a in root.walk() if n.kind == "NUM")
    made = (_observation(node, above, document, about) for node, above in found)
    return [one for one, _ in zip((m for m in made if m is not None), range(MOST), strict=False)]


def _observation(
    node: Node, above: Sequence[Node], document: Keys, about: About
) -> Resource | None:
    code = concept_of(node)
    value = quantity(node)
    absent = missing_value(node)
    if code is None or (value is None and absent is None):
        return None
    return observed(
        node.place, document, about, code=code, value=value, absent=absent,
        context=_context(node, above),
    )  # fmt: skip


def observed(
    place: str,
    document: Keys,
    about: About,
    *,
    code: Resource,
    value: Resource | None = None,
    absent: Resource | None = None,
    context: Resource | None = None,
) -> Resource:
    """An Observation of a place in a document."""
    instance = uid(document, "00080018")
    context = dict(context or {})
    identifiers = [
        {"system": _PLACE, "value": f"urn:oid:{instance}#{place}"},
        *context.pop("identifier", ()),
    ]
    made: Resource = {
        "resourceType": "Observation",
        "id": id_of("observation", instance, place),
        "identifier": identifiers,
    }
    shared = about.elements()
    if "basedOn" in shared:
        made["basedOn"] = shared.pop("basedOn")
    made["partOf"] = [about.study]
    made["status"] = observation_status(document)
    made["category"] = [{"coding": [{"system": _CATEGORY, "code": "imaging"}]}]
    made["code"] = code
    made |= shared
    when = told_at(document, about.source)
    if when is not None:
        made["effectiveDateTime"] = when
    if value is not None:
        made["valueQuantity"] = value
    elif absent is not None:
        made["dataAbsentReason"] = absent
    made |= context
    made["derivedFrom"] = [about.study, _document(instance)]
    return made


def _document(instance: str) -> Resource:
    """The document itself, which is an instance of the study and no resource."""
    return {"identifier": uid_identifier(instance), "display": "Structured report"}


def _context(node: Node, above: Sequence[Node]) -> Resource:
    made: Resource = {}
    places = (node, *above)
    site = _nearest(places, _SITE)
    if (coded_site := coded(site)) is not None:
        made["bodySite"] = coded_site
    method = _nearest(places, _METHOD)
    if (coded_method := coded(method)) is not None:
        made["method"] = coded_method
    components = [
        {"code": name, "valueCodeableConcept": value}
        for wanted in (_FINDING, _DERIVATION)
        if (found := _nearest(places, wanted)) is not None
        and (name := concept_of(found)) is not None
        and (value := coded(found)) is not None
    ]
    if components:
        made["component"] = components
    tracking = list(_tracking(places))
    if tracking:
        made["identifier"] = tracking
    return made


def _nearest(places: Sequence[Node], wanted: Sequence[tuple[str, str]]) -> Node | None:
    for place in places:
        for scheme, code in wanted:
            if (found := place.first(scheme, code)) is not None:
                return found
    return None


def _tracking(places: Sequence[Node]) -> Iterator[Resource]:
    """The lesion that is followed through time has the same tracking ids in each study."""
    named = _nearest(places, (("DCM", "112039"),))
    if named is not None and named.text:
        yield {"use": "secondary", "system": _TRACKING, "value": named.text}
    unique = _nearest(places, (("DCM", "112040"),))
    if unique is not None and unique.text:
        yield {"use": "secondary", **uid_identifier(unique.text)}
