"""Key object selections: which images of a study somebody has marked, and what for.

A mark is an extension of ImagingStudy.series.instance. R4 has no resource for it: ImagingManifest
of STU3 is gone, ImagingSelection came with R5, and a Media would be a second picture of the same
image, which nothing would keep in step. `note` is of the whole study.

https://dicom.nema.org/medical/dicom/current/output/html/part16.html#sect_TID_2010
https://dicom.nema.org/medical/dicom/current/output/html/part16.html#sect_CID_7010
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dicom_gateway.mapping.attributes import Keys, count, items, texts, uid
from dicom_gateway.mapping.reports.content import Node, concept_of, tree
from fhirserver.model.resource import Resource

SOP_CLASS: Final = "1.2.840.10008.5.1.4.1.1.88.59"
URL: Final = "https://fhirserver.example/StructureDefinition/dicom-key-image"
_MANIFESTS: Final = ("113030", "113031")
"""Lists of what a study has, for transport: they mark nothing."""
WITHDRAWN: Final = ("113037", "113038")
"""Rejected for Patient Safety Reasons, Incorrect Modality Worklist Entry (IHE RAD IOCM)."""
MOST_FRAMES: Final = 500


def key_images(documents: Iterable[Keys]) -> dict[str, list[Resource]]:
    """By instance, its marks; in the order of the documents."""
    found: dict[str, list[Resource]] = {}
    for document in documents:
        root = tree(document)
        if root.is_about("DCM", *_MANIFESTS):
            continue
        for image in _images(root):
            marked = uid(image, "00081155")
            if marked:
                found.setdefault(marked, []).append(_mark(root, image, document))
    return found


def withdrawn(documents: Iterable[Keys]) -> frozenset[str]:
    """Instances that never should have been: rejected as of the wrong patient or procedure."""
    return frozenset(
        uid(image, "00081155")
        for document in documents
        if (root := tree(document)).is_about("DCM", *WITHDRAWN)
        for image in _images(root)
    )


def _images(root: Node) -> list[Keys]:
    return [
        reference
        for node in root.children
        if node.kind in {"IMAGE", "COMPOSITE", "WAVEFORM"}
        for reference in items(node.keys, "00081199")
    ]


def _mark(root: Node, image: Keys, document: Keys) -> Resource:
    parts: list[dict[str, Any]] = []
    title = concept_of(root)
    if title is not None:
        parts.append({"url": "title", "valueCodeableConcept": title})
    document_uid = uid(document, "00080018")
    parts.append({"url": "document", "valueUri": f"urn:oid:{document_uid}"})
    notes = (n.text for n in root.children if n.is_about("DCM", "113012"))
    parts += [{"url": "note", "valueString": note} for note in notes if note]
    for frame in texts(image, "00081160")[:MOST_FRAMES]:
        number = count({"0": {"Value": [frame]}}, "0")
        if number:
            parts.append({"url": "frame", "valuePositiveInt": number})
    return {"url": URL, "extension": parts}
