"""Attributes and instances for tests, in the DICOM JSON model."""

from __future__ import annotations

from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from dicom_gateway.mapping.studies import Image
from fhirserver.instances import Facts

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def keys(**attributes: Any) -> dict[str, Any]:
    """`keys(PatientID="1", PatientName="Doe^Jane")`, as facts have them; lists are values."""
    made: dict[str, Any] = {}
    for name, value in attributes.items():
        tag = tag_for_keyword(name)
        assert tag is not None, name
        vr = dictionary_VR(tag)
        values = value if isinstance(value, list) else [value]
        if vr == "PN":
            values = [{"Alphabetic": v} if isinstance(v, str) else v for v in values]
        made[f"{tag:08X}"] = {"vr": vr, "Value": values}
    return made


def code(value: str, scheme: str, meaning: str) -> dict[str, Any]:
    return keys(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def an_instance(study: str = "1.2.3", series: str = "1", number: int = 1, **more: Any) -> Facts:
    """A slice of a CT study."""
    told: dict[str, Any] = {
        "Modality": "CT",
        "SeriesNumber": series,
        "InstanceNumber": str(number),
        "PatientID": "4711",
        "PatientName": "Doe^Jane",
        "PatientBirthDate": "19700203",
        "PatientSex": "F",
    }
    told |= more
    instance = f"{study}.{series}.{number}"
    told |= {
        "SOPInstanceUID": instance,
        "SOPClassUID": told.get("SOPClassUID", CT),
        "StudyInstanceUID": study,
        "SeriesInstanceUID": f"{study}.{series}",
    }
    return Facts(study, f"{study}.{series}", instance, told["SOPClassUID"], EXPLICIT, keys(**told))


def an_image(**attributes: Any) -> Image:
    found = an_instance(**attributes)
    return Image(found.instance, found.sop_class, found.keys)
