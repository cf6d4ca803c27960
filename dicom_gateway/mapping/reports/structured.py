"""A structured report as DiagnosticReport: its text to read, its conclusion, its measurements.

https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_A.35
https://hl7.org/fhir/R4/diagnosticreport.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Final

from dicom_gateway.mapping.attributes import Keys, items, uid
from dicom_gateway.mapping.identifiers import id_of, uid_identifier
from dicom_gateway.mapping.names import display
from dicom_gateway.mapping.reports.content import Node, coded, concept_of, quantity, tree
from dicom_gateway.mapping.reports.context import About, told_at
from dicom_gateway.mapping.reports.standing import report_status
from fhirserver.model.resource import Resource

SOP_CLASSES: Final = frozenset(
    f"1.2.840.10008.5.1.4.1.1.88.{n}" for n in ("11", "22", "33", "34", "40", "50", "65", "67")
)
"""Basic Text, Enhanced, Comprehensive, Comprehensive 3D SR, Procedure Log, Mammography CAD, Chest
CAD, X-Ray Radiation Dose SR."""
_SECTION: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
_CONCLUSIONS: Final = ("121072", "121073", "121076", "121077")
"""Impressions, Impression, Conclusions, Conclusion."""
_UNKNOWN_TITLE: Final = {"text": "Structured report"}
_LONGEST: Final = 500_000


def structured_report(
    document: Keys, about: About, observations: Sequence[Resource] = ()
) -> Resource:
    """The DiagnosticReport of a document; `observations` are those made of its numbers."""
    root = tree(document)
    instance = uid(document, "00080018")
    made: Resource = {
        "resourceType": "DiagnosticReport",
        "id": id_of("report", instance),
        "identifier": [uid_identifier(instance)],
    }
    shared = about.elements()
    if "basedOn" in shared:
        made["basedOn"] = shared.pop("basedOn")
    made["status"] = report_status(document)
    made["category"] = [{"coding": [{"system": _SECTION, "code": "RAD", "display": "Radiology"}]}]
    made["code"] = concept_of(root) or _UNKNOWN_TITLE
    made |= shared
    when = told_at(document, about.source)
    if when is not None:
        made["effectiveDateTime"] = when
    verifiers = [who for who in (display(v, "0040A075") for v in _verifiers(document)) if who]
    if verifiers:
        made["resultsInterpreter"] = [{"display": who} for who in verifiers]
    if observations:
        made["result"] = [{"reference": f"Observation/{o['id']}"} for o in observations]
    made["imagingStudy"] = [about.study]
    conclusion = " ".join(_conclusions(root))
    if conclusion:
        made["conclusion"] = conclusion
    told = "\n".join(lines(root))[:_LONGEST]
    if told:
        made["presentedForm"] = [
            {
                "contentType": "text/plain; charset=utf-8",
                "data": base64.b64encode(told.encode()).decode(),
                "title": root.title or "Structured report",
            }
        ]
    return made


def _verifiers(document: Keys) -> list[Keys]:
    return items(document, "0040A073")


def _conclusions(root: Node) -> Iterator[str]:
    """The texts of what says that it is a conclusion, itself or by its section."""
    for node, above in root.walk():
        if node.kind == "TEXT" and any(n.is_about("DCM", *_CONCLUSIONS) for n in (node, *above)):
            yield node.text


def lines(root: Node) -> Iterator[str]:
    """A report to read: each item in a line of its own, further in than what it stands below."""
    if root.title:
        yield root.title
    for node, above in root.walk():
        value = _value(node)
        if value or (node.kind == "CONTAINER" and node.title):
            told = f"{node.title}: {value}" if node.title and value else node.title or value
            yield "  " * len(above) + told


def _value(node: Node) -> str:
    match node.kind:
        case "NUM":
            found = quantity(node)
            if found is None:
                return ""
            unit = found.get("unit", "")
            return f"{found['value']} {unit}".strip()
        case "CODE":
            return str((coded(node) or {}).get("text", ""))
        case "PNAME":
            return display(node.keys, "0040A123")
        case "IMAGE" | "COMPOSITE" | "WAVEFORM":
            return ", ".join(uid(i, "00081155") for i in items(node.keys, "00081199"))
        case "TEXT" | "DATETIME" | "DATE" | "TIME" | "UIDREF":
            return node.text
        case _:
            return ""
