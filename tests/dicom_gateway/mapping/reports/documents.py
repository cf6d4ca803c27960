"""Content trees for tests, in the DICOM JSON model."""

from __future__ import annotations

from typing import Any

from tests.dicom_gateway.mapping.building import code, keys

GY_CM = code("mGy.cm", "UCUM", "mGy.cm")
MM = code("mm", "UCUM", "mm")
CODES = {
    "Imaging Measurement Report": "126000",
    "Imaging Measurements": "126010",
    "Measurement Group": "125007",
    "Tracking Identifier": "112039",
    "Tracking Unique Identifier": "112040",
    "Finding": "121071",
    "Impression": "121073",
    "X-Ray Radiation Dose Report": "113701",
    "CT Accumulated Dose Data": "113811",
    "CT Dose Length Product Total": "113813",
    "Total Number of Irradiation Events": "113812",
    "CT Acquisition": "113819",
    "CT Dose": "113829",
    "Mean CTDIvol": "113830",
    "DLP": "113838",
    "Irradiation Event UID": "113769",
    "Accumulated X-Ray Dose Data": "113702",
    "Dose Area Product Total": "113722",
    "Irradiation Event X-Ray Data": "113706",
    "Dose Area Product": "122130",
    "Of Interest": "113000",
    "Manifest": "113030",
    "Incorrect Modality Worklist Entry": "113038",
    "Key Object Description": "113012",
}


def named(meaning: str) -> dict[str, Any]:
    return code(CODES[meaning], "DCM", meaning)


def an_item(kind: str, concept: dict[str, Any], *children: Any, **more: Any) -> dict[str, Any]:
    found = keys(RelationshipType="CONTAINS", ValueType=kind, ConceptNameCodeSequence=[concept])
    found |= keys(**more)
    return found | (keys(ContentSequence=list(children)) if children else {})


def container(meaning: str, *children: Any) -> dict[str, Any]:
    return an_item("CONTAINER", named(meaning), *children)


def words(meaning: str, told: str) -> dict[str, Any]:
    return an_item("TEXT", named(meaning), TextValue=told)


def number(
    concept: dict[str, Any], value: str, unit: dict[str, Any], *children: Any
) -> dict[str, Any]:
    measured = keys(NumericValue=value, MeasurementUnitsCodeSequence=[unit])
    return an_item("NUM", concept, *children, MeasuredValueSequence=[measured])


def coded(concept: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    return an_item("CODE", concept, ConceptCodeSequence=[value])


def image(instance: str, *frames: int) -> dict[str, Any]:
    reference = keys(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                     ReferencedSOPInstanceUID=instance)  # fmt: skip
    if frames:
        reference |= keys(ReferencedFrameNumber=[str(f) for f in frames])
    return keys(RelationshipType="CONTAINS", ValueType="IMAGE", ReferencedSOPSequence=[reference])


def a_document(title: str, *children: Any, **more: Any) -> dict[str, Any]:
    """A whole document: its header and its tree."""
    told = {
        "SOPInstanceUID": "1.2.3.88.1",
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "VERIFIED",
        "ContentDate": "20260215",
        "ContentTime": "101500",
        "TimezoneOffsetFromUTC": "+0100",
    } | more
    return {**keys(**told), **container(title, *children)}
