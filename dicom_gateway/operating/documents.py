"""What the documents of a study make: entries of its transaction.

They are the patient's whose the study is. The bytes of a PDF are written with its first version,
and again when it is somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dicom_gateway.mapping.attributes import Keys, uid
from dicom_gateway.mapping.identifiers import Source
from dicom_gateway.mapping.reports import encapsulated, structured
from dicom_gateway.mapping.reports.context import About
from dicom_gateway.mapping.reports.doses import doses, is_dose_report
from dicom_gateway.mapping.reports.measurements import measurements
from dicom_gateway.mapping.reports.replacing import predecessors, withdrawn
from dicom_gateway.operating.reading import Found, documents, whole
from dicom_gateway.operating.reading import encapsulated as content_of
from fhirserver.engine import Engine
from fhirserver.instances import InstanceRow, Instances
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up

MOST_DOCUMENTS: Final = 100
"""Documents of one study that become resources of their own; a viewer shows all."""


def document_entries(
    engine: Engine,
    instances: Instances,
    here: Found,
    source: Source,
    made: Resource,
    study: str,
) -> list[Resource]:
    """The entries of the documents of a study; `made` is its ImagingStudy, `study` its fullUrl."""
    about = About(
        {"reference": study}, made["subject"], source, made.get("encounter"),
        made.get("basedOn", ()),
    )  # fmt: skip
    classes = [*structured.SOP_CLASSES, *encapsulated.SOP_CLASSES]
    made_of: dict[str, list[Resource]] = {}
    replaced: set[str] = set()
    for row in documents(instances, here.row, classes)[:MOST_DOCUMENTS]:
        if row.sop_class in encapsulated.SOP_CLASSES:
            made_of[row.uid] = list(_encapsulated(engine, instances, row, about))
        elif (document := whole(instances, row)) is not None:
            made_of[row.uid] = _structured(document, about)
            replaced |= predecessors(document)
    return [
        _entry(withdrawn(resource) if instance in replaced else resource)
        for instance, resources in made_of.items()
        for resource in resources
    ]


def _structured(document: Keys, about: About) -> list[Resource]:
    if is_dose_report(document):
        observations = doses(document, about)
        return [*observations, structured.structured_report(document, about, observations[:1])]
    observations = measurements(document, about)
    return [*observations, structured.structured_report(document, about, observations)]


def _encapsulated(
    engine: Engine, instances: Instances, row: InstanceRow, about: About
) -> Iterator[Resource]:
    document: dict[str, Any] | None = whole(instances, row)
    if document is None:
        return
    kind = encapsulated.media_type(document, row.sop_class)
    reference = encapsulated.document_reference(document, kind, about)
    known = looked_up(engine, "DocumentReference", ("_id", reference["id"]))
    if not known or known[0].get("subject") != about.subject:
        content = content_of(document)
        if not content:
            return
        yield encapsulated.binary(document, content, kind, about.subject)
    yield reference
    if about.based_on and not _has_report(engine, about, uid(document, "00080018")):
        yield encapsulated.document_report(document, kind, about)


def _has_report(engine: Engine, about: About, instance: str) -> bool:
    """Whether somebody else has made a report of the order, such as the reporting system."""
    ours = encapsulated.report_id(instance)
    for order in about.based_on:
        found = looked_up(engine, "DiagnosticReport", ("based-on", order["reference"]))
        if any(r["id"] != ours and not _is_of_dicom(r) for r in found):
            return True
    return False


def _is_of_dicom(report: Resource) -> bool:
    return any(i.get("system") == "urn:dicom:uid" for i in report.get("identifier", ()))


def _entry(resource: Resource) -> Resource:
    name = f"{resource['resourceType']}/{resource['id']}"
    return {
        "fullUrl": f"urn:uuid:{resource['id']}",
        "resource": resource,
        "request": {"method": "PUT", "url": name},
    }
