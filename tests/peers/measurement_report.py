"""A viewer that reads measurement reports by pydicom and the standard alone: TID 1500, 1501 and 1410.

https://dicom.nema.org/medical/dicom/current/output/html/part16.html#sect_TID_1500
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

Code = tuple[str, str]
REPORT: Code = ("126000", "DCM")
MEASUREMENTS: Code = ("126010", "DCM")
GROUP: Code = ("125007", "DCM")
LANGUAGE: Code = ("121049", "DCM")
PROCEDURE: Code = ("121058", "DCM")
TRACKING: Code = ("112039", "DCM")
TRACKING_UID: Code = ("112040", "DCM")
DERIVATION: Code = ("121401", "DCM")


@dataclass(frozen=True, slots=True)
class Graphic:
    """Where something was measured: a shape, its points (x, y) and the image."""

    kind: str
    points: list[tuple[float, float]]
    instance: str


@dataclass(slots=True)
class Group:
    """What was measured at one place: values with unit, by concept and derivation."""

    name: str
    uid: str
    values: dict[tuple[Code, Code | None], tuple[float, Code]] = field(default_factory=dict)
    graphics: list[Graphic] = field(default_factory=list)


def groups(path: Path) -> list[Group]:
    """The groups of a report. Raises AssertionError for what TID 1500 doesn't let be."""
    report = dcmread(path)
    assert report.Modality == "SR"
    assert _code(report.ConceptNameCodeSequence) == REPORT
    template = report.ContentTemplateSequence[0]
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "1500")
    assert len(list(_of(report, LANGUAGE))) == 1
    assert list(_of(report, PROCEDURE))
    [container] = _of(report, MEASUREMENTS)
    listed = _evidence(report)
    found = [_group(item) for item in _of(container, GROUP)]
    # What a report refers to is among its evidence (PS3.3 C.17.2.3).
    assert {g.instance for one in found for g in one.graphics} <= listed
    return found


def _group(item: Dataset) -> Group:
    [name], [tracking] = list(_of(item, TRACKING)), list(_of(item, TRACKING_UID))
    made = Group(name.TextValue, tracking.UID)
    for child in item.ContentSequence:
        if child.ValueType == "NUM":
            [derived] = [_code(c.ConceptCodeSequence) for c in _of(child, DERIVATION)] or [None]
            measured = child.MeasuredValueSequence[0]
            key = _code(child.ConceptNameCodeSequence), derived
            unit = _code(measured.MeasurementUnitsCodeSequence)
            made.values[key] = float(measured.NumericValue), unit
            made.graphics += [_graphic(c) for c in _children(child) if c.ValueType == "SCOORD"]
        elif child.ValueType == "SCOORD":
            made.graphics.append(_graphic(child))
    return made


def _graphic(item: Dataset) -> Graphic:
    flat = [float(v) for v in item.GraphicData]
    [image] = [c for c in item.ContentSequence if c.RelationshipType == "SELECTED FROM"]
    points = list(zip(flat[::2], flat[1::2], strict=True))
    instance = image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    return Graphic(item.GraphicType, points, instance)


def _evidence(report: Dataset) -> set[str]:
    return {
        one.ReferencedSOPInstanceUID
        for study in report.get("CurrentRequestedProcedureEvidenceSequence", ())
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }


def _of(item: Dataset, concept: Code) -> Iterator[Dataset]:
    for child in _children(item):
        if _code(child.get("ConceptNameCodeSequence")) == concept:
            yield child


def _children(item: Dataset) -> list[Dataset]:
    return list(item.get("ContentSequence", ()))


def _code(sequence: list[Dataset] | None) -> Code | None:
    if not sequence:
        return None
    return sequence[0].CodeValue, sequence[0].CodingSchemeDesignator
